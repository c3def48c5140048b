using System.Net;
using System.Net.Http.Json;

namespace Boottify.Testing;

/// <summary>A zone of the test's own in the real PowerDNS, as a customer would have one; removed again.</summary>
public sealed class OwnZone : IAsyncDisposable
{
    private readonly HttpClient api;

    private OwnZone(Func<string, string> setting) => api = new HttpClient(new PersistentHandler())
    {
        BaseAddress = new Uri(setting("BOOTTIFY_PDNS_URL").TrimEnd('/') + "/api/v1/servers/localhost/"),
        DefaultRequestHeaders = { { "X-API-Key", setting("BOOTTIFY_PDNS_KEY") } },
    };

    public string Name { get; } = $"shop-{Guid.NewGuid():N}"[..17] + ".test";

    /// <param name="setting">Gives a setting of the platform by its name.</param>
    public static async Task<OwnZone> CreateAsync(Func<string, string> setting)
    {
        var zone = new OwnZone(setting);
        using var answer = await zone.api.PostAsJsonAsync("zones", new { name = $"{zone.Name}.", kind = "Native", nameservers = new[] { $"ns1.{zone.Name}." } });
        answer.StatusCode.Should().Be(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return zone;
    }

    /// <summary>Makes these all records of the name and type; none removes them.</summary>
    public async Task SetAsync(string name, string type, params string[] contents)
    {
        using var answer = await api.PatchAsJsonAsync($"zones/{Name}.", new
        {
            rrsets = new[]
            {
                new
                {
                    name = $"{name}.", type, ttl = 60, changetype = contents.Length == 0 ? "DELETE" : "REPLACE",
                    records = contents.Select(content => new { content = type == "TXT" ? $"\"{content}\"" : type is "CNAME" or "NS" ? $"{content}." : content, disabled = false }),
                },
            },
        });
        answer.StatusCode.Should().Be(HttpStatusCode.NoContent, await answer.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        using var _ = await api.DeleteAsync($"zones/{Name}.");
        api.Dispose();
    }
}
