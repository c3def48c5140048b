using System.Net;
using DnsClient;

namespace Boottify.Testing;

/// <summary>Asks one name server itself, and waits for its answer longer than a busy one needs.</summary>
internal static class PatientLookup
{
    /// <param name="server">Address and port.</param>
    public static async Task<IReadOnlyList<IPAddress>> AddressesAsync(string server, string host, CancellationToken cancellation, QueryType type = QueryType.A)
    {
        var client = new LookupClient(new LookupClientOptions(IPEndPoint.Parse(server)) { UseCache = false, Timeout = TimeSpan.FromSeconds(30), Retries = 5 });
        return [.. (await client.QueryAsync(host, type, cancellationToken: cancellation)).Answers.AddressRecords().Select(record => record.Address)];
    }
}
