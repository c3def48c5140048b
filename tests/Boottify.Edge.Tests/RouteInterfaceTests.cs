using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

[Collection(SharedEdgeCollection.Name)]
public sealed class RouteInterfaceTests(SharedEdge shared)
{
    private RunningEdge Edge => shared.Edge;

    [Fact]
    public async Task Without_the_token_nothing_is_told_or_changed()
    {
        using var stranger = new HttpClient { BaseAddress = Edge.Admin.BaseAddress };
        foreach (var token in (string?[])[null, "wrong", "the-tests-own-toke", "the-tests-own-token1"])
        {
            stranger.DefaultRequestHeaders.Authorization = token is null ? null : new("Bearer", token);
            using var read = await stranger.GetAsync("v1/routes");
            read.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
            using var written = await stranger.DeleteAsync("v1/routes/app?version=1");
            written.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        }

        foreach (var open in (string[])["health/live", "health/ready", "metrics"])
        {
            using var answer = await stranger.GetAsync(open);
            answer.StatusCode.Should().Be(HttpStatusCode.OK, open);
        }
    }

    [Fact]
    public async Task An_older_version_is_refused_and_the_same_one_is_fine_twice()
    {
        await using var app = await TenantApp.StartAsync("a");
        await using var other = await TenantApp.StartAsync("other");
        var host = Edge.NewHost();
        var route = new AppRoute(RunningEdge.NewAppId(), 5, app.Upstream, [new RouteHost(host, false)]);
        await Edge.ServeAsync(route);
        await Edge.ServeAsync(route);
        using var answer = await Edge.PutAsync(route with { Version = 4, Upstream = other.Upstream });
        answer.StatusCode.Should().Be(HttpStatusCode.Conflict);
        (await DetailAsync(answer)).Should().Contain("version 5");

        using var browser = await Edge.BrowserAsync();
        (await browser.GetStringAsync(Edge.Http(host))).Should().Be("hello from a");
        var status = await Edge.ServeAsync(route with { Version = 6, Upstream = other.Upstream });
        status.Should().Match<RouteStatus>(now => now.Live && now.Version == 6);
        (await browser.GetStringAsync(Edge.Http(host))).Should().Be("hello from other");
    }

    [Fact]
    public async Task A_host_has_one_owner()
    {
        await using var app = await TenantApp.StartAsync("a");
        var host = Edge.NewHost();
        var owner = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        await Edge.ServeAsync(owner);
        using var answer = await Edge.PutAsync(owner with { AppId = RunningEdge.NewAppId() });
        answer.StatusCode.Should().Be(HttpStatusCode.Conflict);
        (await DetailAsync(answer)).Should().Contain(host).And.Contain(owner.AppId);
    }

    [Theory]
    [InlineData("a.test\nserver_name evil", "10.0.0.1:80")]
    [InlineData("a.test;", "10.0.0.1:80")]
    [InlineData("\"a.test", "10.0.0.1:80")]
    [InlineData("../a.test", "10.0.0.1:80")]
    [InlineData("A.test", "10.0.0.1:80")]
    [InlineData("a.test.", "10.0.0.1:80")]
    [InlineData("bücher.test", "10.0.0.1:80")]
    [InlineData("*.a.test", "10.0.0.1:80")]
    [InlineData("a.test", "localhost:80")]
    [InlineData("a.test", "10.0.0.1:80;")]
    [InlineData("a.test", "169.254.169.254:80")]
    public async Task A_hostile_route_gets_a_clear_refusal_and_changes_nothing(string host, string upstream)
    {
        var generation = Edge.Generation;
        var appId = RunningEdge.NewAppId();
        using var answer = await Edge.PutAsync(new AppRoute(appId, 1, upstream, [new RouteHost(host)]));
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        (await DetailAsync(answer)).Should().Contain("Send");
        Edge.Generation.Should().Be(generation);
        using var unknown = await Edge.Admin.GetAsync($"v1/routes/{appId}");
        unknown.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Rubbish_gets_a_problem_document()
    {
        foreach (var body in (string[])["", "null", "{", "[]", "{\"appId\":7}", "{\"appId\":\"app\",\"version\":1}"])
        {
            using var answer = await Edge.Admin.PutAsync("v1/routes/app", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
            answer.StatusCode.Should().Be(HttpStatusCode.BadRequest, body);
            answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json", body);
        }
    }

    [Fact]
    public async Task The_whole_desired_state_brings_what_is_new_and_withdraws_what_is_not_named()
    {
        await using var edge = await RunningEdge.StartAsync(Edge.Zone);
        await using var app = await TenantApp.StartAsync("a");
        AppRoute Route(string id, long version) => new(id, version, app.Upstream, [new RouteHost($"{id}.{edge.Zone.Name}", false)]);
        await edge.ServeAsync(Route("kept", 3));
        await edge.ServeAsync(Route("dropped", 1));
        var before = DateTimeOffset.UtcNow;
        await edge.ServeAsync(Route("newer", 1));

        using var answer = await edge.Admin.PutAsJsonAsync($"v1/routes?asOf={Uri.EscapeDataString(before.ToString("O"))}", new[] { Route("kept", 2), Route("brought", 1) });

        answer.StatusCode.Should().Be(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        var all = (await edge.Admin.GetFromJsonAsync<RouteStatus[]>("v1/routes"))!;
        all.Select(status => (status.AppId, status.Version, status.Live)).Should().BeEquivalentTo([("kept", 3L, true), ("brought", 1L, true), ("newer", 1L, true)]);
    }

    private static async Task<string> DetailAsync(HttpResponseMessage answer) =>
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString()!;
}
