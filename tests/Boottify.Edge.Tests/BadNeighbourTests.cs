using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;
using static Boottify.Testing.Patience;

namespace Boottify.Edge.Tests;

/// <summary>One domain that is broken, gone or hostile, among ordinary ones: they are served as if it were not there, and it gets its own message.</summary>
public sealed class BadNeighbourTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    private readonly Dictionary<string, (string Name, string Says)> _hostile = new()
    {
        ["newline"] = ("a.test\nserver_name b.test", "character that is no letter"),
        ["quote"] = ("a\".test", "character that is no letter"),
        ["semicolon"] = ("a.test;", "character that is no letter"),
        ["path"] = ("../../certificates/a.test", "part of a host name"),
        ["long"] = ($"{new string('a', 60)}.{new string('b', 60)}.{new string('c', 60)}.{new string('d', 60)}.{new string('e', 51)}.test", "at most 253"),
        ["mixed case"] = ("Shop.test", "upper-case"),
        ["trailing dot"] = ("shop.test.", "ends with a dot"),
        ["look-alike in letters"] = ("аpple.test", "A-label"), // The first letter is Cyrillic.
    };

    [Fact]
    public async Task A_broken_a_gone_and_eight_hostile_domains_leave_all_others_served_and_each_has_its_own_message()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("ordinary");
        var gone = await TenantApp.StartAsync("gone");
        var ordinary = new List<string>();
        for (var n = 0; n < 3; n++) ordinary.Add((await edge.ServeNewAsync(app)).Host);
        var (brokenRoute, broken) = await edge.ServeNewAsync(app);
        var (goneRoute, left) = await edge.ServeNewAsync(gone);

        using var browser = await edge.BrowserAsync(keepAlive: false);
        await edge.Pebble.DisposeAsync(); // Else the broken file is replaced within seconds.
        await File.WriteAllTextAsync(edge.CertificateFile(broken), "no PEM at all");
        await gone.DisposeAsync();
        var generation = edge.Generation;
        foreach (var (kind, (name, says)) in _hostile)
        {
            using var answer = await edge.PutAsync(new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(ordinary[0] + ".example"), new RouteHost(name)]));
            answer.StatusCode.Should().Be(HttpStatusCode.BadRequest, kind);
            JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString().Should().Contain(says).And.Contain("Send", kind);
        }

        edge.Generation.Should().Be(generation, "what was refused touches nothing");
        using (var answer = await browser.GetAsync(edge.Https(left))) answer.StatusCode.Should().Be(HttpStatusCode.BadGateway);
        (await File.ReadAllTextAsync(Path.Combine(edge.Data, "nginx/error.log"))).Should().MatchRegex($"connect\\(\\) failed.*upstream: \"http://{gone.Upstream}/\", host: \"{left}", "the log says whose upstream is gone");
        await ((Func<Task>)(() => edge.ServedSerialAsync(broken))).Should().ThrowAsync<Exception>();
        await ServedAsync(edge, browser, ordinary);

        // The broken file is noticed, and its replacement cannot be had.
        await UntilAsync(async () => (await edge.StatusAsync(brokenRoute.AppId)).Hosts[0].Certificate == CertificateState.Failed);
        var all = (await edge.Admin.GetFromJsonAsync<RouteStatus[]>("v1/routes"))!;
        all.Should().HaveCount(ordinary.Count + 2).And.OnlyContain(status => status.Live);
        all.Single(status => status.AppId == brokenRoute.AppId).Hosts[0].Reason.Should().Contain("cannot be reached");
        edge.Said.Should().Contain($"The certificate file of {broken} cannot be used");
        all.Where(status => status.AppId != brokenRoute.AppId).SelectMany(status => status.Hosts).Should().OnlyContain(host => host.Certificate == CertificateState.Active && host.Reason == null);
        all.Select(status => status.AppId).Should().Contain(goneRoute.AppId);

        await edge.ServeAsync(new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost(), false)]));
        await ServedAsync(edge, browser, ordinary);
    }

    [Fact]
    public async Task A_punycode_look_alike_is_a_name_of_its_own_and_never_reaches_the_app_that_it_looks_like()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var real = await TenantApp.StartAsync("apple");
        await using var fake = await TenantApp.StartAsync("look-alike");
        var (apple, lookAlike) = ($"apple.{zone.Zone.Name}", $"xn--pple-43d.{zone.Zone.Name}");
        foreach (var (host, app) in new[] { (apple, real), (lookAlike, fake) })
        {
            var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
            await edge.ServeAsync(route);
            (await edge.ActiveAsync(route.AppId)).Hosts.Should().ContainSingle(status => status.Host == host);
        }

        using var browser = await edge.BrowserAsync(keepAlive: false);
        (await browser.GetStringAsync(edge.Https(apple))).Should().Be("hello from apple");
        (await browser.GetStringAsync(edge.Https(lookAlike))).Should().Be("hello from look-alike");
        (await edge.ServedSerialAsync(apple)).Should().NotBe(await edge.ServedSerialAsync(lookAlike));
    }

    [Fact]
    public async Task A_hostile_or_unreadable_file_among_the_stored_routes_costs_its_own_app_alone()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("ordinary");
        var (_, host) = await edge.ServeNewAsync(app);
        await edge.StopProcessAsync();
        var folder = Path.Combine(edge.Data, "routes");
        var entry = new { version = 1, route = new AppRoute("evil", 1, app.Upstream, [new RouteHost("a.test;\n}")]), at = DateTimeOffset.UtcNow };
        await File.WriteAllTextAsync(Path.Combine(folder, "evil.json"), JsonSerializer.Serialize(entry, JsonSerializerOptions.Web));
        await File.WriteAllTextAsync(Path.Combine(folder, "torn.json"), "{\"version\":1,\"rou");
        await edge.StartProcessAsync();

        using var browser = await edge.BrowserAsync();
        await ServedAsync(edge, browser, [host]);
        (await edge.Admin.GetFromJsonAsync<RouteStatus[]>("v1/routes"))!.Should().ContainSingle(status => status.Hosts[0].Host == host);
        edge.Said.Should().Contain("evil.json cannot be used").And.Contain("torn.json cannot be used");
        Directory.GetFiles(folder, "*.broken").Should().HaveCount(2);
        await edge.ServeAsync(new AppRoute("evil", 1, app.Upstream, [new RouteHost(edge.NewHost(), false)]));
    }

    private static async Task ServedAsync(RunningEdge edge, HttpClient browser, IEnumerable<string> hosts)
    {
        foreach (var host in hosts) (await browser.GetStringAsync(edge.Https(host))).Should().Be("hello from ordinary", host);
    }
}
