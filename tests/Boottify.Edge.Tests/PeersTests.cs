using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

/// <summary>Two edges on one database. Their authority verifies names at the first one's nginx alone.</summary>
public sealed class PeersTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    [Fact]
    public async Task The_edge_that_the_authority_comes_to_answers_for_the_one_that_orders()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var asked = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings);
        await using var orders = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, beside: asked);
        await using var app = await TenantApp.StartAsync("a");
        var host = orders.NewHost();
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        await orders.ServeAsync(route);
        await ActiveAsync(orders, route.AppId);

        (await database.SerialOfAsync(host)).Should().Be(await orders.ServedSerialAsync(host));
        File.Exists(asked.CertificateFile(host)).Should().BeFalse("it has no route for the host");
        await Patience.UntilAsync(async () => await database.AskAsync<long>("select count(*) from boottify_edge.challenges") == 0, () => $"An answer goes with its order: {orders.Said}");
        await Patience.UntilAsync(async () => await database.AskAsync<long>("select count(*) from boottify_edge.leases where until > now()") == 0, () => orders.Said);
    }

    [Fact]
    public async Task Edges_that_get_a_route_at_once_order_once_for_each_name_and_serve_the_same()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var proxy = new FaultyProxy((_, _) => null);
        await using var one = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, inFront: proxy);
        await using var other = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, beside: one);
        await using var app = await TenantApp.StartAsync("a");
        var hosts = Enumerable.Range(0, 5).Select(_ => one.NewHost()).ToList();
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [.. hosts.Select(host => new RouteHost(host))]);
        await Task.WhenAll(one.ServeAsync(route), other.ServeAsync(route));
        await Task.WhenAll(ActiveAsync(one, route.AppId), ActiveAsync(other, route.AppId));

        foreach (var host in hosts) (await other.ServedSerialAsync(host)).Should().Be(await one.ServedSerialAsync(host));
        proxy.Issues.Should().Be(5);

        var (lost, serial) = (hosts[0], await other.ServedSerialAsync(hosts[0]));
        File.Delete(other.CertificateFile(lost));
        await Patience.UntilAsync(() => Task.FromResult(File.Exists(other.CertificateFile(lost))), () => other.Said);
        (await other.ServedSerialAsync(lost)).Should().Be(serial, "what was lost is taken from the database again");
        proxy.Issues.Should().Be(5);
    }

    [Fact]
    public async Task An_edge_that_is_killed_in_the_middle_of_an_order_is_followed_by_the_other_one()
    {
        await using var database = await OwnDatabase.CreateAsync();
        var gate = new ChallengeGate(holdsAll: true);
        await using var proxy = new FaultyProxy((_, _) => null) { Look = gate.HoldAsync };
        await using var other = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, inFront: proxy);
        await using var killed = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, beside: other);
        await using var app = await TenantApp.StartAsync("a");
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(other.NewHost())]);
        await killed.ServeAsync(route);
        await gate.ReachedAsync();
        await other.ServeAsync(route);
        HostStatus waits = null!;
        await Patience.UntilAsync(async () => (waits = (await other.StatusAsync(route.AppId)).Hosts.Single()).Reason == "Another edge node is ordering it.", () => other.Said);
        waits.Certificate.Should().Be(CertificateState.Pending);
        proxy.Issues.Should().Be(0);

        await killed.KillProcessAsync();
        gate.Open();
        await ActiveAsync(other, route.AppId);
        proxy.Issues.Should().Be(1);
        var serial = await other.ServedSerialAsync(route.Hosts[0].Name);

        await killed.StartProcessAsync(database.Settings);
        await ActiveAsync(killed, route.AppId);
        (await killed.ServedSerialAsync(route.Hosts[0].Name)).Should().Be(serial);
        proxy.Issues.Should().Be(1, "the killed one goes on with what the other has got");
        Directory.EnumerateFiles(Path.Combine(killed.Data, "acme"), $"{route.Hosts[0].Name}.json", SearchOption.AllDirectories).Should().BeEmpty("its own order is given up");
    }

    [Fact]
    public async Task A_revoked_certificate_is_replaced_on_all_edges_and_never_taken_back()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var proxy = new FaultyProxy((_, _) => null);
        await using var one = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, inFront: proxy);
        await using var other = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, beside: one);
        await using var app = await TenantApp.StartAsync("a");
        var (route, host) = await one.ServeNewAsync(app);
        await other.ServeAsync(route);
        await ActiveAsync(other, route.AppId);
        var revoked = await one.ServedSerialAsync(host);
        (await other.ServedSerialAsync(host)).Should().Be(revoked);
        proxy.Issues.Should().Be(1);

        // The one that did not order it: any edge has its key.
        using var answer = await other.Admin.PostAsync($"v1/certificates/{host}/revoke?reason=1", null);
        answer.IsSuccessStatusCode.Should().BeTrue(await answer.Content.ReadAsStringAsync());
        await Patience.UntilAsync(async () => await one.ServedSerialAsync(host) != revoked && await other.ServedSerialAsync(host) == await one.ServedSerialAsync(host), () => one.Said + other.Said);
        (await one.Pebble.StatusOfAsync(revoked)).Should().Be("Revoked");
        var serial = await one.ServedSerialAsync(host);
        (await database.SerialOfAsync(host)).Should().Be(serial);
        proxy.Issues.Should().Be(2);

        await using var empty = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, beside: one);
        await empty.ServeAsync(route);
        await ActiveAsync(empty, route.AppId);
        (await empty.ServedSerialAsync(host)).Should().Be(serial);
        proxy.Issues.Should().Be(2, "an edge with an empty disk needs no order");
    }

    [Fact]
    public async Task A_certificate_leaves_the_database_with_the_last_edge_that_serves_its_name()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var one = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings);
        await using var other = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, beside: one);
        await using var app = await TenantApp.StartAsync("a");
        var (route, host) = await one.ServeNewAsync(app);
        await other.ServeAsync(route);
        await ActiveAsync(other, route.AppId);
        var (serial, putAt) = (await database.SerialOfAsync(host), await database.AskAsync<DateTime>($"select updated_at from boottify_edge.certificates where name = '{host}'"));

        (await one.Admin.DeleteAsync($"v1/routes/{route.AppId}?version=2")).Dispose();
        await Patience.UntilAsync(async () => await database.AskAsync<DateTime>($"select updated_at from boottify_edge.certificates where name = '{host}'") > putAt, () => one.Said + other.Said);
        (await database.SerialOfAsync(host)).Should().Be(serial, "the other one, which still serves it, has put it back");
        (await other.ServedSerialAsync(host)).Should().Be(serial);
        File.Exists(one.CertificateFile(host)).Should().BeFalse();

        (await other.Admin.DeleteAsync($"v1/routes/{route.AppId}?version=2")).Dispose();
        await Patience.UntilAsync(async () => await database.SerialOfAsync(host) is null, () => one.Said + other.Said);
    }

    private static Task ActiveAsync(RunningEdge edge, string appId) =>
        Patience.UntilAsync(async () => (await edge.StatusAsync(appId)).Hosts.All(host => host.Certificate == CertificateState.Active), () => edge.Said);
}
