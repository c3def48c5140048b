using System.Net;
using System.Text.Json;
using Boottify.Contracts.Edge;
using Boottify.Edge.Certificates;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

/// <summary>Two edges on one database: what one of them has met and used counts at both.</summary>
public sealed class PeersLimitsTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    private const string Busy = """{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"}""";

    [Fact]
    public async Task A_name_that_failed_at_one_edge_is_not_tried_by_the_other_before_its_time_and_one_of_them_hears_a_wish()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var proxy = new FaultyProxy((_, _) => null);
        await using var one = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, inFront: proxy);
        await using var other = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, beside: one);
        await using var app = await TenantApp.StartAsync("a");
        var host = $"unknown{Guid.NewGuid():N}.nowhere.{zone.Zone.Name}";
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        await one.ServeAsync(route);
        await FailedAsync(one, route);

        // As after many failures: the next one is to be tried tomorrow.
        await one.StopProcessAsync();
        var file = StateFile(one, host);
        var trouble = JsonSerializer.Deserialize<Trouble>(await File.ReadAllTextAsync(file), JsonSerializerOptions.Web)!;
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(trouble with { Failures = 20, Tally = trouble.Tally!.ToDictionary(one => one.Key, _ => 20), NextAttempt = DateTimeOffset.UtcNow }, JsonSerializerOptions.Web));
        await one.StartProcessAsync(database.Settings);
        await Patience.UntilAsync(async () => Tomorrow(await HostAsync(one, route)), () => one.Said);
        var (failed, orders) = (await HostAsync(one, route), proxy.CountOf("/order-plz"));

        await other.ServeAsync(route);
        var told = await FailedAsync(other, route);
        (told.Reason, told.NextAttempt).Should().Be((failed.Reason, failed.NextAttempt));
        (await RetryAsync(one, host)).Status.Should().Be(HttpStatusCode.NoContent);
        await Patience.UntilAsync(async () => await HostAsync(one, route) is var again && Tomorrow(again) && again.NextAttempt != failed.NextAttempt, () => one.Said);
        proxy.CountOf("/order-plz").Should().Be(orders + 1);
        var refused = await RetryAsync(other, host);
        (refused.Status, refused.Said).Should().Match<(HttpStatusCode Status, string Said)>(answer => answer.Status == HttpStatusCode.Conflict && answer.Said.Contains("a moment ago"));

        // Mended, and wished for at the edge that has not tried it so far: what both have had for it is gone.
        await zone.Zone.PutAddressAsync(host);
        await database.AskAsync<int>("update boottify_edge.hurries set at = at - interval '15 minutes'");
        (await RetryAsync(other, host)).Status.Should().Be(HttpStatusCode.NoContent);
        foreach (var edge in (RunningEdge[])[one, other])
        {
            await Patience.UntilAsync(async () => await HostAsync(edge, route) is { Certificate: CertificateState.Active, Reason: null }, () => one.Said + other.Said);
            await Patience.UntilAsync(() => Task.FromResult(!File.Exists(StateFile(edge, host))), () => edge.Said);
        }

        (await other.ServedSerialAsync(host)).Should().Be(await one.ServedSerialAsync(host));
        await Patience.UntilAsync(async () => await database.AskAsync<long>("select count(*) from boottify_edge.troubles") == 0, () => other.Said);
        proxy.CountOf("/order-plz").Should().Be(orders + 2);
    }

    [Fact]
    public async Task What_an_authority_asked_one_edge_for_the_other_keeps_to()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var proxy = new FaultyProxy((path, _) => path.EndsWith("/order-plz", StringComparison.Ordinal) ? FaultyProxy.Answer(HttpStatusCode.TooManyRequests, Busy, "application/problem+json", "7200") : null);
        await using var one = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, inFront: proxy);
        await using var other = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, beside: one);
        await using var app = await TenantApp.StartAsync("a");
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(one.NewHost())]);
        await one.ServeAsync(route);
        var failed = await FailedAsync(one, route);
        await other.ServeAsync(route);
        var told = await FailedAsync(other, route);

        (told.Reason, told.NextAttempt).Should().Be((failed.Reason, failed.NextAttempt));
        told.Reason.Should().Contain("too many certificates");
        (await RetryAsync(other, failed.Host)).Said.Should().Contain("limits do not allow another attempt yet");
        proxy.CountOf("/order-plz").Should().Be(1);

        await other.KillProcessAsync();
        await other.StartProcessAsync();
        (await FailedAsync(other, route)).NextAttempt.Should().Be(failed.NextAttempt, "it is on this edge's disk, too, whether or not there is a database");
        proxy.CountOf("/order-plz").Should().Be(1);
    }

    [Fact]
    public async Task Certificates_that_one_edge_has_got_count_at_the_other()
    {
        await using var database = await OwnDatabase.CreateAsync();
        var settings = new Dictionary<string, string>(database.Settings) { ["BOOTTIFY_ACME_LIMITS"] = "certificates=2" };
        await using var proxy = new FaultyProxy((_, _) => null);
        await using var one = await RunningEdge.StartAsync(zone.Zone, settings: settings, inFront: proxy);
        await using var other = await RunningEdge.StartAsync(zone.Zone, settings: settings, beside: one);
        await using var app = await TenantApp.StartAsync("a");
        await one.ServeNewAsync(app);
        await other.ServeNewAsync(app);
        foreach (var edge in (RunningEdge[])[one, other]) await RefusedByCountAsync(edge, app);
        proxy.CountOf("/order-plz").Should().Be(2);
        (await database.AskAsync<long>("select count(*) from boottify_edge.uses where kind = 'Order'")).Should().Be(2);
        (await other.Admin.GetStringAsync("metrics")).Should().Contain("boottify_edge_authority_orders{authority=\"first\"} 2");
    }

    [Fact]
    public async Task Edges_without_their_database_count_alone_and_put_it_together_when_it_is_back()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var door = new DatabaseDoor(open: true);
        var limits = new KeyValuePair<string, string>("BOOTTIFY_ACME_LIMITS", "certificates=3");
        var busy = false;
        await using var proxy = new FaultyProxy((path, _) => Volatile.Read(ref busy) && path.EndsWith("/order-plz", StringComparison.Ordinal)
            ? FaultyProxy.Answer(HttpStatusCode.TooManyRequests, Busy, "application/problem+json", "7200") : null);
        await using var alone = await RunningEdge.StartAsync(zone.Zone, settings: new([.. database.Through(door), limits]), inFront: proxy);
        await using var other = await RunningEdge.StartAsync(zone.Zone, settings: new([.. database.Settings, limits]), beside: alone);
        await using var app = await TenantApp.StartAsync("a");
        await other.ServeNewAsync(app);
        await Patience.UntilAsync(async () => (await alone.Admin.GetStringAsync("metrics")).Contains("boottify_edge_authority_orders{authority=\"first\"} 1", StringComparison.Ordinal), () => alone.Said);

        await door.ShutAsync();
        await alone.ServeNewAsync(app);
        Volatile.Write(ref busy, true);
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(alone.NewHost())]);
        await alone.ServeAsync(route);
        var failed = await FailedAsync(alone, route);
        failed.Reason.Should().Contain("too many certificates", "by its own count there was one more to be had");
        Volatile.Write(ref busy, false);
        var orders = proxy.CountOf("/order-plz");
        (await database.AskAsync<long>("select count(*) from boottify_edge.troubles")).Should().Be(0);
        (await database.AskAsync<long>("select count(*) from boottify_edge.uses where kind = 'Certificate'")).Should().Be(1);

        door.Open();
        await Patience.UntilAsync(async () => await database.AskAsync<long>("select count(*) from boottify_edge.troubles") == 1
            && await database.AskAsync<long>("select count(*) from boottify_edge.uses where kind = 'Certificate'") == 2, () => alone.Said);
        await other.ServeAsync(route);
        var told = await FailedAsync(other, route);
        (told.Reason, told.NextAttempt).Should().Be((failed.Reason, failed.NextAttempt));
        await other.ServeNewAsync(app);
        foreach (var edge in (RunningEdge[])[alone, other]) await RefusedByCountAsync(edge, app);
        proxy.CountOf("/order-plz").Should().Be(orders + 1);
    }

    [Fact]
    public async Task What_failed_for_a_name_that_was_withdrawn_goes_though_the_edge_is_killed_before_the_others_are_told()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var door = new DatabaseDoor(open: true);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, settings: database.Through(door));
        await using var app = await TenantApp.StartAsync("a");
        var host = $"unknown{Guid.NewGuid():N}.nowhere.{zone.Zone.Name}";
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        await edge.ServeAsync(route);
        await FailedAsync(edge, route);
        await Patience.UntilAsync(async () => await database.AskAsync<long>("select count(*) from boottify_edge.troubles") == 1, () => edge.Said);

        await door.ShutAsync();
        (await edge.Admin.DeleteAsync($"v1/routes/{route.AppId}?version=2")).Dispose();
        await Patience.UntilAsync(() => Task.FromResult(!File.Exists(StateFile(edge, host))), () => edge.Said);
        await edge.KillProcessAsync();
        await edge.StartProcessAsync(database.Through(door));
        (await database.AskAsync<long>("select count(*) from boottify_edge.troubles")).Should().Be(1);
        door.Open();
        await Patience.UntilAsync(async () => await database.AskAsync<long>("select count(*) from boottify_edge.troubles") == 0, () => edge.Said);
        await Patience.UntilAsync(() => Task.FromResult(Directory.GetFiles(Path.Combine(edge.Data, "certificate-states")).Length == 0), () => edge.Said);
    }

    private async Task RefusedByCountAsync(RunningEdge edge, TenantApp app)
    {
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost())]);
        await edge.ServeAsync(route);
        (await FailedAsync(edge, route)).Reason.Should().Contain($"certificates for {zone.Zone.Name} a week, and they are used up");
    }

    private static async Task<HostStatus> HostAsync(RunningEdge edge, AppRoute route) => (await edge.StatusAsync(route.AppId)).Hosts.Single();

    private static async Task<HostStatus> FailedAsync(RunningEdge edge, AppRoute route)
    {
        await Patience.UntilAsync(async () => (await HostAsync(edge, route)).Certificate == CertificateState.Failed, () => edge.Said);
        return await HostAsync(edge, route);
    }

    private static bool Tomorrow(HostStatus host) => host.Certificate == CertificateState.Failed && host.NextAttempt > DateTimeOffset.UtcNow.AddHours(23);

    private static string StateFile(RunningEdge edge, string host) => Path.Combine(edge.Data, "certificate-states", $"{host}.json");

    private static async Task<(HttpStatusCode Status, string Said)> RetryAsync(RunningEdge edge, string host)
    {
        using var answer = await edge.Admin.PostAsync($"v1/certificates/{host}/retry", null);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
