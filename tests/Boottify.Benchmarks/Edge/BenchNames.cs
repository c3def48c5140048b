using System.Net.Http.Json;

namespace Boottify.Benchmarks.Edge;

/// <summary>A top-level domain of the benchmark's own in the real name server, so that each name is a domain by itself. All lead to this machine.</summary>
internal sealed class BenchNames : IAsyncDisposable
{
    private readonly string zone = $"bench-{Guid.NewGuid():n}"[..14];
    private readonly HttpClient api = new()
    {
        BaseAddress = new Uri(BenchPlatform.Setting("BOOTTIFY_PDNS_URL").TrimEnd('/') + "/api/v1/servers/localhost/"),
        DefaultRequestHeaders = { { "X-API-Key", BenchPlatform.Setting("BOOTTIFY_PDNS_KEY") } },
    };

    private int given;

    public static async Task<BenchNames> CreateAsync()
    {
        var names = new BenchNames();
        using var answer = await names.api.PostAsJsonAsync("zones", new
        {
            name = $"{names.zone}.",
            kind = "Native",
            nameservers = new[] { $"ns1.{names.zone}." },
            rrsets = new[] { new { name = $"*.{names.zone}.", type = "A", ttl = 60, records = new[] { new { content = "127.0.0.1", disabled = false } } } },
        });
        answer.EnsureSuccessStatusCode();
        return names;
    }

    /// <returns>Names that nobody has had a certificate for.</returns>
    public IReadOnlyList<string> Next(int count) => [.. Enumerable.Range(0, count).Select(_ => $"shop-{++given:000}.{zone}")];

    public async ValueTask DisposeAsync()
    {
        (await api.DeleteAsync($"zones/{zone}.")).Dispose();
        api.Dispose();
    }
}
