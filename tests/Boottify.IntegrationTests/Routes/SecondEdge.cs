using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Boottify.IntegrationTests.Cluster;

namespace Boottify.IntegrationTests.Routes;

/// <summary>
/// Another edge on this machine, with nginx, ports and a folder of its own: the program that `ops/up` has published, whose folder
/// the setting of the templates names. All gone afterwards.
/// </summary>
/// <param name="address">Where its nginx listens: at one of its own on the platform's ports, as on another machine. When null, beside the first edge on other ports.</param>
internal sealed class SecondEdge(string? address = null) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string folder = Directory.CreateTempSubdirectory("boottify-second-").FullName;
    private readonly HttpClient health = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly (string Http, string Https) ports = address is null
        ? ($"{FreePorts.Next()}", $"{FreePorts.Next()}") : (RealPlatform.Setting("BOOTTIFY_HTTP_PORT"), RealPlatform.Setting("BOOTTIFY_HTTPS_PORT"));

    private OwnProcess? edge;

    public Uri Url { get; } = new($"http://127.0.0.1:{FreePorts.Next()}/");

    private static string Program => Path.Combine(Path.GetDirectoryName(RealPlatform.Setting("BOOTTIFY_NGINX_TEMPLATES").TrimEnd('/'))!, "Boottify.Edge.dll");

    private int? NginxPid => File.Exists(Path.Combine(folder, "data/nginx/nginx.pid"))
        && int.TryParse(File.ReadAllText(Path.Combine(folder, "data/nginx/nginx.pid")), CultureInfo.InvariantCulture, out var pid) ? pid : null;

    public async Task StartAsync(CancellationToken cancellation)
    {
        // Workers pass through it to the certificates.
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var start = new ProcessStartInfo("dotnet", [Program]);
        start.Environment["BOOTTIFY_EDGE_LISTEN"] = Url.AbsoluteUri;
        start.Environment["BOOTTIFY_EDGE_DATA"] = Path.Combine(folder, "data");
        start.Environment["BOOTTIFY_NGINX_ADDRESS"] = address ?? "127.0.0.1";
        start.Environment["BOOTTIFY_HTTP_PORT"] = ports.Http;
        start.Environment["BOOTTIFY_HTTPS_PORT"] = ports.Https;
        // No wildcard: both edges would write the records of its order.
        start.Environment["BOOTTIFY_PDNS_URL"] = "";
        edge = new OwnProcess(start);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        while (!await IsReadyAsync(limit.Token))
        {
            if (edge.HasExited)
                throw new InvalidOperationException($"The second edge, {Program}, ended by itself: {edge.Said}");
            await Task.Delay(100, limit.Token);
        }
    }

    /// <summary>As a machine that loses power: its nginx is left, as it would be by the edge's own crash.</summary>
    public async Task KillAsync()
    {
        await edge!.DisposeAsync();
        edge = null;
    }

    public async Task StopNginxAsync()
    {
        if (NginxPid is not { } pid)
            return;
        using var nginx = Process.GetProcessById(pid);
        using var stop = Process.Start("kill", ["-TERM", $"{pid}"]);
        await nginx.WaitForExitAsync();
    }

    public HttpClient Client() => new()
    {
        BaseAddress = Url,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", RealPlatform.Setting("BOOTTIFY_EDGE_TOKEN")) },
    };

    public async ValueTask DisposeAsync()
    {
        if (edge is not null)
            await KillAsync();
        await StopNginxAsync();
        health.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        try
        {
            using var answer = await health.GetAsync(new Uri(Url, "health/ready"), cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
