using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Boottify.Benchmarks.Edge;

/// <summary>The edge that ops/up has published, on a folder and ports of its own, with its nginx. Both end with it; the folder stays.</summary>
internal sealed class BenchedEdge : IAsyncDisposable
{
    private const string Token = "the-benchmarks-own-token";
    private readonly EdgeFolder folder;
    private readonly HttpClient admin;
    private readonly Daemon daemon;

    private BenchedEdge(EdgeFolder folder, Uri acme, string? acmeCa)
    {
        this.folder = folder;
        var address = new Uri($"http://127.0.0.1:{Ports.Free()}/");
        admin = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
        admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        var templates = BenchPlatform.Setting("BOOTTIFY_NGINX_TEMPLATES");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["BOOTTIFY_EDGE_LISTEN"] = address.AbsoluteUri,
            ["BOOTTIFY_EDGE_TOKEN"] = Token,
            ["BOOTTIFY_EDGE_DATA"] = folder.Root,
            ["BOOTTIFY_HTTP_PORT"] = $"{folder.HttpPort}",
            ["BOOTTIFY_HTTPS_PORT"] = $"{folder.HttpsPort}",
            ["BOOTTIFY_ACME_DIRECTORY"] = acme.AbsoluteUri,
            ["BOOTTIFY_ACME_CA"] = acmeCa ?? "",
            // All names have one registered domain, of which a real authority would certify 50 a week.
            ["BOOTTIFY_ACME_LIMITS"] = "off",
            ["BOOTTIFY_PDNS_URL"] = "",
            ["DOTNET_gcServer"] = "0",
        };
        daemon = new Daemon("dotnet", [Path.Combine(Path.GetDirectoryName(templates)!, "Boottify.Edge.dll")], environment);
    }

    /// <param name="pebble">Null: an authority that cannot be reached, for hosts whose certificates are there already.</param>
    public static async Task<BenchedEdge> StartAsync(EdgeFolder folder, BenchPebble? pebble = null)
    {
        var edge = new BenchedEdge(folder, pebble?.Directory ?? new Uri("https://127.0.0.1:9/dir"), pebble?.Ca);
        try
        {
            await edge.daemon.UntilAsync(stop => edge.admin.AnswersAsync(new Uri("health/ready", UriKind.Relative), stop), "The edge");
            return edge;
        }
        catch
        {
            await edge.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns once nginx was seen serving it.</summary>
    public async Task PutAsync(BenchedSite site)
    {
        using var answer = await admin.PutAsJsonAsync($"v1/routes/{site.AppId}", site.Route);
        answer.EnsureSuccessStatusCode();
    }

    public async Task PutAllAsync(IEnumerable<BenchedSite> sites)
    {
        using var answer = await admin.PutAsJsonAsync("v1/routes", sites.Select(site => site.Route));
        answer.EnsureSuccessStatusCode();
    }

    /// <returns>The states of all hosts' certificates, and the first reason that is told.</returns>
    public async Task<(IReadOnlyList<string> States, string? Reason)> CertificatesAsync(CancellationToken stop)
    {
        var hosts = (await admin.GetFromJsonAsync<JsonElement>("v1/routes", stop)).EnumerateArray().SelectMany(route => route.GetProperty("hosts").EnumerateArray()).ToArray();
        return ([.. hosts.Select(host => host.GetProperty("certificate").GetString()!)],
            hosts.Select(host => host.GetProperty("reason").GetString()).FirstOrDefault(reason => reason is not null));
    }

    public async ValueTask DisposeAsync()
    {
        await daemon.DisposeAsync();
        await folder.Nginx.DisposeAsync();
        admin.Dispose();
    }
}
