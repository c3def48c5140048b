using System.Net;
using System.Net.Sockets;
using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;
using static Boottify.Testing.Patience;

namespace Boottify.Edge.Tests;

/// <summary>Whether a reload has failed is looked up in a log that any visitor, and any app, can write words into.</summary>
public sealed class StrangersWordsTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    private const string Forged = "2026/01/01 00:00:00 [emerg] 1#1: bind() to 0.0.0.0:80 failed";

    [Fact]
    public async Task What_visitors_and_apps_get_into_nginxs_log_refuses_nobodys_route()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("new");
        await using var hostile = new BareApp($"HTTP/1.1 200 OK\r\n{Forged}\r\nX: \r{Forged}\n\n{Forged}\n");
        var (gone, odd) = (await ServeAsync(edge, $"127.0.0.1:{Needed.FreePort()}"), await ServeAsync(edge, hostile.Upstream));
        string[] requests =
        [
            // Refused for its length: the request line is logged as it came, and so is the referrer.
            $"POST /[emerg] HTTP/1.1\r\nHost: {gone}\r\nReferer: {Forged}\r\nContent-Length: 999999999999\r\nConnection: close\r\n\r\n",
            // Nobody there: 502.
            RawClient.Get(gone, "/%0A2026/01/01%2000:00:00%20[emerg]%201#1:"),
            // An app that answers with nginx's words: 502, too.
            RawClient.Get(odd, "/[emerg]"),
        ];
        var log = Path.Combine(edge.Data, "nginx/error.log");
        using var end = new CancellationTokenSource();
        var noise = requests.Select(request => NoiseAsync(edge, request, end.Token)).ToArray();
        foreach (var words in (string[])["too large body", "connect() failed", "upstream sent invalid header"])
            await UntilAsync(async () => (await File.ReadAllTextAsync(log)).Split('\n').Any(line => line.Contains(words, StringComparison.Ordinal) && line.Contains("[emerg]", StringComparison.Ordinal)));

        using var browser = await edge.BrowserAsync(keepAlive: false);
        for (var n = 0; n < 5; n++)
        {
            var host = await ServeAsync(edge, app.Upstream);
            (await browser.GetStringAsync(edge.Http(host))).Should().Be("hello from new");
        }

        await end.CancelAsync();
        (await Task.WhenAll(noise)).Should().OnlyContain(count => count > 0);
        // No line of the log begins as nginx's refusal does, whatever was sent.
        (await File.ReadAllLinesAsync(log)).Should().NotContain(line => line.StartsWith(Forged, StringComparison.Ordinal));
    }

    /// <returns>How many times it was sent.</returns>
    private static async Task<int> NoiseAsync(RunningEdge edge, string request, CancellationToken end)
    {
        for (var count = 0; ; count++)
        {
            if (end.IsCancellationRequested) return count;
            try
            {
                await RawClient.AskAsync(edge.HttpPort, request);
            }
            catch (SocketException)
            {
                // Reset by nginx, which does not read the body.
            }

            await Task.Delay(1, CancellationToken.None);
        }
    }

    private static async Task<string> ServeAsync(RunningEdge edge, string upstream)
    {
        var host = edge.NewHost();
        await edge.ServeAsync(new AppRoute(RunningEdge.NewAppId(), 1, upstream, [new RouteHost(host, RedirectToHttps: false)]));
        return host;
    }
}
