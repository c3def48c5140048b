using System.Net;
using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;
using static Boottify.Edge.Tests.Support.RawClient;
using static Boottify.Testing.Patience;

namespace Boottify.Edge.Tests;

/// <summary>What one app and one visitor may take of the edge that all share.</summary>
public sealed class LimitsTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    private const int PerClient = 6;
    private const int PerApp = 8;
    private const string Greedy = "127.0.0.2";
    private const string Other = "127.0.0.3";

    [Fact]
    public async Task An_app_that_never_answers_takes_its_share_and_a_visitor_theirs_and_all_others_are_served()
    {
        await using var edge = await StartAsync();
        await using var silent = new BareApp(answer: null);
        await using var app = await TenantApp.StartAsync("another");
        var (hanging, ordinary) = (await ServePlainAsync(edge, silent.Upstream), await ServePlainAsync(edge, app.Upstream));
        Task<string> AskAsync(string host, string from, string path = "/") => RawClient.AskAsync(edge.HttpPort, Get(host, path), from);

        var held = new List<RawClient>();
        try
        {
            async Task HoldAsync(int count, string from)
            {
                var before = silent.Held;
                for (var n = 0; n < count; n++) held.Add(await SendAsync(edge.HttpPort, Get(hanging), from));
                await UntilAsync(() => Task.FromResult(silent.Held == before + count));
            }

            await HoldAsync(PerClient, Greedy);
            (await AskAsync(ordinary, Greedy)).Should().StartWith("HTTP/1.1 429").And.Contain("your address").And.Contain("Retry-After: ").And.Contain("X-Request-Id: ");
            (await AskAsync(ordinary, Other)).Should().Contain("hello from another", "what one visitor holds is that visitor's");

            await HoldAsync(PerApp - PerClient, Other);
            (await AskAsync(hanging, Other)).Should().StartWith("HTTP/1.1 503").And.Contain("to this app").And.Contain("Retry-After: ");
            (await AskAsync(ordinary, Other)).Should().Contain("hello from another", "what one app holds is that app's");
            (await AskAsync(hanging, Other, "/.well-known/acme-challenge/token")).Should().StartWith("HTTP/1.1 404", "the edge answers for an app that is full, too");
        }
        finally
        {
            held.ForEach(client => client.Dispose());
        }

        // Those who left count no more.
        await UntilAsync(async () => (await AskAsync(ordinary, Greedy)).Contains("hello from another", StringComparison.Ordinal));
    }

    /// <summary>Many requests of one connection, event streams and WebSockets are as many.</summary>
    [Fact]
    public async Task Streams_of_one_connection_and_open_event_streams_and_sockets_count_each()
    {
        await using var edge = await StartAsync();
        await using var app = await TenantApp.StartAsync("open");
        var (_, host) = await edge.ServeNewAsync(app);
        using var browser = await edge.BrowserAsync();
        using var end = new CancellationTokenSource();
        using var socket = new System.Net.WebSockets.ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(edge.Https(host, "/socket")) { Scheme = "wss" }.Uri, browser, end.Token);
        var streams = new List<HttpResponseMessage>();
        for (var n = 1; n < PerClient; n++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, edge.Https(host, "/events")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            streams.Add(await browser.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, end.Token));
        }

        streams.Should().OnlyContain(stream => stream.StatusCode == HttpStatusCode.OK);
        using (var refused = await browser.GetAsync(edge.Https(host), end.Token)) refused.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        app.SecondEvent.SetResult(); // They end.
        foreach (var stream in streams)
        {
            (await stream.Content.ReadAsStringAsync(end.Token)).Should().Contain("second");
            stream.Dispose();
        }

        await UntilAsync(async () => await browser.GetAsync(edge.Https(host), end.Token) is { StatusCode: HttpStatusCode.OK });
    }

    private Task<RunningEdge> StartAsync() =>
        RunningEdge.StartAsync(zone.Zone, settings: new() { ["BOOTTIFY_EDGE_CLIENT_REQUESTS"] = $"{PerClient}", ["BOOTTIFY_EDGE_APP_REQUESTS"] = $"{PerApp}" });

    private static async Task<string> ServePlainAsync(RunningEdge edge, string upstream)
    {
        var host = edge.NewHost();
        await edge.ServeAsync(new AppRoute(RunningEdge.NewAppId(), 1, upstream, [new RouteHost(host, RedirectToHttps: false)]));
        return host;
    }
}
