using System.Globalization;
using System.Net;
using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

/// <summary>Visitors who ask one app without a pause while domains come, change and go: its own and other apps'.</summary>
public sealed class DomainChangesTests(EdgeLifeTests.OwnZone zone, ITestOutputHelper output) : IClassFixture<EdgeLifeTests.OwnZone>
{
    private const int Changers = 8;
    private const int ChangesEach = 25;
    private int _changes;

    [Fact]
    public async Task No_request_over_a_new_connection_fails_during_200_domain_changes_and_those_over_kept_ones_are_counted()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var blue = await TenantApp.StartAsync("the app");
        await using var green = await TenantApp.StartAsync("the app");
        var (route, host) = await edge.ServeNewAsync(blue);
        var visitors = ((bool[])[false, false, true, true]).Select(keeps => new Visitor(edge.HttpsPort, host, "hello from the app", keeps)).ToList();
        using var leave = new CancellationTokenSource();
        var before = await ReloadsAsync(edge);
        var visiting = Task.WhenAll(visitors.Select(visitor => Task.Run(() => visitor.VisitAsync(leave.Token))));

        var others = Enumerable.Range(1, Changers - 1).Select(_ => ChangeOthersAsync(edge, blue.Upstream, green.Upstream));
        await Task.WhenAll(others.Append(ChangeItAsync(edge, route, [blue.Upstream, green.Upstream])));
        await leave.CancelAsync();
        await visiting;

        _changes.Should().Be(200);
        var reloads = await ReloadsAsync(edge) - before;
        var table = Table(visitors, reloads);
        output.WriteLine(table);
        if (Environment.GetEnvironmentVariable("BOOTTIFY_FIGURES") is { Length: > 0 } folder)
            await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(folder).FullName, "edge-domain-changes.txt"), table);

        visitors.SelectMany(visitor => visitor.Failures).Should().BeEmpty(table);
        visitors.Should().OnlyContain(visitor => visitor.Requests > 20, "who asks nothing loses nothing");
        visitors.Where(visitor => !visitor.Keeps).Should().OnlyContain(visitor => visitor.Connections == visitor.Requests && visitor.Unanswered == 0);
        visitors.Where(visitor => visitor.Keeps).Should().OnlyContain(visitor => visitor.Unanswered <= reloads, "a reload closes a connection once");
    }

    /// <summary>An app's life: it comes, moves to another address, gets a second domain, loses the first, goes. Over and over.</summary>
    private async Task ChangeOthersAsync(RunningEdge edge, string one, string other)
    {
        for (var round = 0; round < ChangesEach / 5; round++)
        {
            var (first, second) = (new RouteHost(edge.NewHost(), false), new RouteHost(edge.NewHost(), false));
            var route = new AppRoute(RunningEdge.NewAppId(), 1, one, [first]);
            await ChangeAsync(edge, route);
            await ChangeAsync(edge, route with { Version = 2, Upstream = other });
            await ChangeAsync(edge, route with { Version = 3, Hosts = [first, second] });
            await ChangeAsync(edge, route with { Version = 4, Hosts = [second], Policy = RoutePolicy.Uploads });
            await edge.WithdrawAsync(route.AppId, version: 5);
            Interlocked.Increment(ref _changes);
        }
    }

    /// <summary>The visited app itself gets and loses domains, and moves between two addresses that answer the same.</summary>
    private async Task ChangeItAsync(RunningEdge edge, AppRoute route, string[] upstreams)
    {
        var own = route.Hosts[0];
        for (var change = 1; change <= ChangesEach; change++)
        {
            await ChangeAsync(edge, route with
            {
                Version = route.Version + change,
                Upstream = upstreams[change / 2 % 2],
                Hosts = change % 2 == 0 ? [own] : [own, new RouteHost(edge.NewHost(), Hsts: true)],
            });
        }
    }

    private async Task ChangeAsync(RunningEdge edge, AppRoute route)
    {
        await edge.ServeAsync(route);
        Interlocked.Increment(ref _changes);
    }

    private static async Task<int> ReloadsAsync(RunningEdge edge) => (await edge.Admin.GetStringAsync("metrics")).Split('\n')
        .Where(line => line.StartsWith("boottify_edge_nginx_reloads_total ", StringComparison.Ordinal)).Select(line => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)).Single();

    private string Table(IReadOnlyList<Visitor> visitors, int reloads)
    {
        var lines = visitors.GroupBy(visitor => visitor.Keeps).Select(group => string.Create(CultureInfo.InvariantCulture,
            $"{(group.Key ? "kept" : "new"),-12}{group.Sum(v => v.Requests),10:N0}{group.Sum(v => v.Connections),13:N0}{group.Sum(v => v.Failures.Count),8}{group.Sum(v => v.Unanswered),12}{group.Max(v => v.Longest).TotalMilliseconds,9:N0} ms\n"));
        return $"{_changes} domain changes, {reloads} reloads\n{"connections",-12}{"requests",10}{"connections",13}{"failed",8}{"unanswered",12}{"longest",12}\n{string.Concat(lines)}"
            + "unanswered: closed by a reload before a byte of the answer came; HTTP clients send such a request again over a new connection\n";
    }
}
