using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using DnsClient;
using Polly;
using Polly.Retry;

namespace Boottify.Edge.Dns;

/// <summary>
/// TXT records of challenges in the platform's zone, through PowerDNS' HTTP interface. A name may have several values at
/// once, of ours and of others: each change reads them, merges, and replaces the set, one change after the other. Another
/// edge may do so in the same moment, so <see cref="AddAsync"/> looks at the name server itself, and puts it again.
/// </summary>
public sealed class ChallengeZone : IDisposable
{
    private const int TimeToLiveSeconds = 60;
    private const int Rounds = 3;
    private static readonly TimeSpan s_untilSeen = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(500);

    private readonly PlatformZone _zone;
    private readonly TimeProvider _clock;
    private readonly HttpClient _client;
    private readonly LookupClient _nameServer;
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ResiliencePipeline _retries;

    public ChallengeZone(PlatformZone zone, TimeProvider clock)
    {
        (_zone, _clock) = (zone, clock);
        _client = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(3), PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
        {
            BaseAddress = new Uri($"{zone.PowerDns.AbsoluteUri.TrimEnd('/')}/api/v1/servers/localhost/"),
            Timeout = TimeSpan.FromSeconds(5),
            DefaultRequestHeaders = { { "X-API-Key", zone.Key } },
        };
        _nameServer = new LookupClient(new LookupClientOptions(zone.NameServer)
        {
            UseCache = false,
            Retries = 0,
            Timeout = TimeSpan.FromSeconds(2),
            Recursion = false,
            ThrowDnsErrors = false,
        });
        _retries = new ResiliencePipelineBuilder { TimeProvider = clock }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = 3,
            Delay = TimeSpan.FromMilliseconds(200),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = arguments => ValueTask.FromResult(
                arguments.Outcome.Exception is TaskCanceledException || arguments.Outcome.Exception is HttpRequestException { StatusCode: null or >= HttpStatusCode.InternalServerError }),
        }).Build();
    }

    /// <summary>Adds the value, and waits until the name server answers with it.</summary>
    /// <exception cref="HttpRequestException">PowerDNS refuses or cannot be reached.</exception>
    /// <exception cref="TimeoutException">The name server does not answer with it.</exception>
    public async Task AddAsync(ChallengeRecord record, CancellationToken cancellation)
    {
        for (var round = 1; ; round++)
        {
            await ChangeAsync(record, wanted: true, cancellation);
            if (await IsSeenAsync(record, cancellation)) return;
            if (round == Rounds)
                throw new TimeoutException($"The name server {_zone.NameServer} does not answer with the TXT record {record.Name} that was written. Check that BOOTTIFY_DNS serves the zone of BOOTTIFY_PDNS_URL.");
        }
    }

    /// <summary>Removes the value and leaves all others; one that is gone already is fine.</summary>
    /// <exception cref="HttpRequestException">PowerDNS refuses or cannot be reached.</exception>
    public Task RemoveAsync(ChallengeRecord record, CancellationToken cancellation) => ChangeAsync(record, wanted: false, cancellation);

    private async Task ChangeAsync(ChallengeRecord record, bool wanted, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            await _retries.ExecuteAsync(async attempt => await MergeAsync(record, wanted, attempt), cancellation);
        }
        catch (TaskCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException($"PowerDNS at {_zone.PowerDns} did not answer within {_client.Timeout.TotalSeconds} s.", e);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task MergeAsync(ChallengeRecord record, bool wanted, CancellationToken cancellation)
    {
        var path = new Uri($"zones/{_zone.Domain}.", UriKind.Relative);
        using var read = await _client.GetAsync(new Uri($"{path}?rrset_name={record.Name}.&rrset_type=TXT", UriKind.Relative), cancellation);
        await RequireSuccessAsync(read, cancellation);
        var zone = await read.Content.ReadFromJsonAsync<JsonObject>(cancellation);
        // Looked for again: a PowerDNS that does not know the filter sends the whole zone.
        var set = (zone?["rrsets"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(one => (string?)one["type"] == "TXT" && (string?)one["name"] == $"{record.Name}.");
        var records = (set?["records"] as JsonArray ?? []).OfType<JsonObject>().Select(one => one.DeepClone()).ToList();
        var has = records.Any(one => (string?)one["content"] == record.Quoted);
        if (has == wanted) return;
        if (wanted) records.Add(new JsonObject { ["content"] = record.Quoted, ["disabled"] = false });
        else records.RemoveAll(one => (string?)one["content"] == record.Quoted);

        var change = new JsonObject { ["name"] = $"{record.Name}.", ["type"] = "TXT", ["ttl"] = set?["ttl"]?.DeepClone() ?? TimeToLiveSeconds, ["changetype"] = records.Count > 0 ? "REPLACE" : "DELETE" };
        if (records.Count > 0) change["records"] = new JsonArray([.. records]);
        using var written = await _client.PatchAsJsonAsync(path, new JsonObject { ["rrsets"] = new JsonArray(change) }, cancellation);
        await RequireSuccessAsync(written, cancellation);
    }

    private async Task<bool> IsSeenAsync(ChallengeRecord record, CancellationToken cancellation)
    {
        var (started, pause) = (_clock.GetTimestamp(), TimeSpan.FromMilliseconds(20));
        do
        {
            try
            {
                var answer = await _nameServer.QueryAsync(record.Name, QueryType.TXT, cancellationToken: cancellation);
                if (answer.Answers.TxtRecords().Any(txt => string.Concat(txt.Text) == record.Value)) return true;
            }
            catch (DnsResponseException)
            {
                // No answer in time, or none that can be read: asked again.
            }

            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), _clock, cancellation);
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
        while (_clock.GetElapsedTime(started) < s_untilSeen);

        return false;
    }

    private async Task RequireSuccessAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.IsSuccessStatusCode) return;
        var said = await answer.Content.ReadAsStringAsync(cancellation);
        var words = answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized => "it does not know the key in BOOTTIFY_PDNS_KEY",
            HttpStatusCode.NotFound => $"it has no zone {_zone.Domain}",
            _ => said.Length > 300 ? said[..300] : said,
        };
        throw new HttpRequestException($"PowerDNS answered {(int)answer.StatusCode} for zone {_zone.Domain}: {words}", inner: null, answer.StatusCode);
    }

    public void Dispose()
    {
        _client.Dispose();
        _one.Dispose();
    }
}
