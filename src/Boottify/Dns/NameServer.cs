using System.Net;
using DnsClient;

namespace Boottify.Dns;

/// <summary>The name server itself, asked as any resolver would ask it.</summary>
internal sealed class NameServer(DnsSettings settings, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private readonly LookupClient client = new(new LookupClientOptions(new IPEndPoint(settings.NameServer, settings.NameServerPort))
    {
        UseCache = false,
        Retries = 0,
        Timeout = TimeSpan.FromSeconds(2),
        Recursion = false,
        ThrowDnsErrors = false,
    });

    /// <param name="addresses">Of both types. None: until it has no address for the host.</param>
    /// <exception cref="TimeoutException">It does not answer with these addresses, and no others, within 15 seconds.</exception>
    public async Task UntilAnswersAsync(string host, IReadOnlyCollection<IPAddress> addresses, CancellationToken cancellation)
    {
        var end = time.GetUtcNow() + Patience;
        var pause = TimeSpan.FromMilliseconds(20);
        while (true)
        {
            var said = await AskAsync(host, QueryType.A, cancellation) is { } v4 && await AskAsync(host, QueryType.AAAA, cancellation) is { } v6 ? v4.Concat(v6).ToList() : null;
            if (said is not null && said.ToHashSet().SetEquals(addresses))
                return;
            if (time.GetUtcNow() >= end)
            {
                throw new TimeoutException(
                    $"The name server {settings.NameServer}:{settings.NameServerPort} answers {Words(said)} for {host} after {Patience.TotalSeconds:0} s, not {Words(addresses)}.");
            }

            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), time, cancellation);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <returns>False also when it does not answer.</returns>
    public async Task<bool> HasIPv6Async(string host, CancellationToken cancellation) => await AskAsync(host, QueryType.AAAA, cancellation) is { Count: > 0 };

    private static string Words(IReadOnlyCollection<IPAddress>? said) => said switch
    {
        null => "not at all",
        { Count: 0 } => "nothing",
        _ => string.Join(", ", said),
    };

    /// <returns>Null when there was no answer; that there is no such name is one.</returns>
    private async Task<IReadOnlyList<IPAddress>?> AskAsync(string host, QueryType type, CancellationToken cancellation)
    {
        try
        {
            var answer = await client.QueryAsync(host, type, cancellationToken: cancellation);
            return answer.HasError && answer.Header.ResponseCode != DnsHeaderResponseCode.NotExistentDomain
                ? null
                : [.. answer.Answers.AddressRecords().Select(record => record.Address)];
        }
        catch (DnsResponseException)
        {
            return null;
        }
    }
}
