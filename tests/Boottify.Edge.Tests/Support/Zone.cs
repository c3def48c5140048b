using System.Net.Http.Json;
using System.Text.Json;

namespace Boottify.Edge.Tests.Support;

/// <summary>A zone of its own in the real PowerDNS, removed again: all names in it lead to loopback, but for those under <c>nowhere</c>.</summary>
public sealed class Zone : IAsyncLifetime
{
    private readonly HttpClient _api = new(new PersistentHandler())
    {
        BaseAddress = new Uri(Needed.Setting("BOOTTIFY_PDNS_URL").TrimEnd('/') + "/api/v1/servers/localhost/"),
        DefaultRequestHeaders = { { "X-API-Key", Needed.Setting("BOOTTIFY_PDNS_KEY") } },
    };

    public string Name { get; } = $"edge-{Guid.NewGuid():N}"[..17] + ".test";

    public async ValueTask InitializeAsync()
    {
        object Record(string name, string type, string content) =>
            new { name, type, ttl = 60, changetype = "REPLACE", records = new[] { new { content, disabled = false } } };
        using var answer = await _api.PostAsJsonAsync("zones", new
        {
            name = $"{Name}.",
            kind = "Native",
            nameservers = new[] { $"ns1.{Name}." },
            rrsets = new[] { Record($"*.{Name}.", "A", "127.0.0.1"), Record($"nowhere.{Name}.", "TXT", "\"no address\"") },
        });
        answer.IsSuccessStatusCode.Should().BeTrue("PowerDNS must create the tests' zone: {0}", await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Gives the name without an address one.</summary>
    public async Task PutAddressAsync(string host)
    {
        using var answer = await _api.PatchAsJsonAsync($"zones/{Name}.", new
        {
            rrsets = new[] { new { name = $"{host}.", type = "A", ttl = 60, changetype = "REPLACE", records = new[] { new { content = "127.0.0.1", disabled = false } } } },
        });
        answer.EnsureSuccessStatusCode();
    }

    public async Task PutTextAsync(string name, string value)
    {
        using var answer = await _api.PatchAsJsonAsync($"zones/{Name}.", new
        {
            rrsets = new[] { new { name = $"{name}.", type = "TXT", ttl = 60, changetype = "REPLACE", records = new[] { new { content = $"\"{value}\"", disabled = false } } } },
        });
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>The values of the name's TXT record, without their quotes.</summary>
    public async Task<IReadOnlyList<string>> TxtAsync(string name)
    {
        var zone = await _api.GetFromJsonAsync<JsonElement>($"zones/{Name}.");
        return [.. zone.GetProperty("rrsets").EnumerateArray().Where(set => set.GetProperty("type").GetString() == "TXT" && set.GetProperty("name").GetString() == $"{name}.")
            .SelectMany(set => set.GetProperty("records").EnumerateArray()).Select(record => record.GetProperty("content").GetString()!.Trim('"')).Order(StringComparer.Ordinal)];
    }

    /// <summary>What lets an edge order a wildcard for this zone.</summary>
    internal Dictionary<string, string> Settings => new()
    {
        ["BOOTTIFY_DOMAIN"] = Name,
        ["BOOTTIFY_DNS"] = Needed.Setting("BOOTTIFY_DNS"),
        ["BOOTTIFY_PDNS_URL"] = Needed.Setting("BOOTTIFY_PDNS_URL"),
        ["BOOTTIFY_PDNS_KEY"] = Needed.Setting("BOOTTIFY_PDNS_KEY"),
    };

    public async ValueTask DisposeAsync()
    {
        using var _ = await _api.DeleteAsync($"zones/{Name}.");
        _api.Dispose();
    }
}
