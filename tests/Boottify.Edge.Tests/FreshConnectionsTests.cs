using System.Net;
using System.Net.Sockets;
using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

/// <summary>What the edge does for an app whose pods are being replaced.</summary>
[Collection(SharedEdgeCollection.Name)]
public sealed class FreshConnectionsTests(SharedEdge shared)
{
    private RunningEdge Edge => shared.Edge;

    [Fact]
    public async Task While_asked_for_no_request_uses_a_connection_of_an_earlier_one_and_nothing_is_reloaded()
    {
        await using var app = await TenantApp.StartAsync("replaced");
        var host = Edge.NewHost();
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host, RedirectToHttps: false)]);
        await Edge.ServeAsync(route);
        using var browser = await Edge.BrowserAsync();
        await KeptAsync();
        var generation = Edge.Generation;

        using (var begun = await Edge.Admin.PutAsync($"v1/routes/{route.AppId}/fresh-connections?seconds=60", null))
            begun.StatusCode.Should().Be(HttpStatusCode.NoContent);
        (await ConnectionsAsync(browser, host)).Should().HaveCount(10);
        (await Edge.Admin.DeleteAsync($"v1/routes/{route.AppId}/fresh-connections")).Dispose();
        await KeptAsync();
        Edge.Generation.Should().Be(generation);

        // One connection serves them all, unless it gets too old in their midst.
        Task KeptAsync() => Patience.UntilAsync(async () => (await ConnectionsAsync(browser, host)).Count == 1, () => "Connections to the app are not kept");
    }

    [Theory]
    [InlineData("v1/routes/nobodys/fresh-connections?seconds=60", HttpStatusCode.NotFound)]
    [InlineData("v1/routes/nobodys/fresh-connections?seconds=0", HttpStatusCode.BadRequest)]
    [InlineData("v1/routes/nobodys/fresh-connections", HttpStatusCode.BadRequest)]
    public async Task Rubbish_is_refused_with_what_to_send(string path, HttpStatusCode expected)
    {
        using var answer = await Edge.Admin.PutAsync(path, null);
        answer.StatusCode.Should().Be(expected);
        (await answer.Content.ReadAsStringAsync()).Should().Contain("detail");
    }

    [Fact]
    public async Task An_address_is_reached_as_soon_as_somebody_listens_there()
    {
        var port = Needed.FreePort();
        using (var closed = await Edge.Admin.GetAsync($"v1/connections/127.0.0.1:{port}?wait=1"))
            closed.StatusCode.Should().Be(HttpStatusCode.NotFound);
        var waiting = Edge.Admin.GetAsync($"v1/connections/127.0.0.1:{port}?wait=20");
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        using (var open = await waiting)
            open.StatusCode.Should().Be(HttpStatusCode.NoContent);
        using var rubbish = await Edge.Admin.GetAsync("v1/connections/somewhere:80");
        rubbish.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        using var stranger = new HttpClient { BaseAddress = Edge.Admin.BaseAddress };
        using var refused = await stranger.GetAsync($"v1/connections/127.0.0.1:{port}");
        refused.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    private async Task<HashSet<string>> ConnectionsAsync(HttpClient browser, string host)
    {
        var connections = new HashSet<string>();
        for (var n = 0; n < 10; n++)
            connections.Add(await browser.GetStringAsync(Edge.Http(host, "/connection")));
        return connections;
    }
}
