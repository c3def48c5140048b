using System.Net.Http.Json;
using Boottify.Contracts.Edge;
using Boottify.Edge.Certificates;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

/// <summary>Two edges on one database under one platform's domain: its wildcard is proved once, by DNS through the real PowerDNS.</summary>
public sealed class PeersWildcardTests : IAsyncLifetime
{
    private readonly Zone _zone = new();

    public ValueTask InitializeAsync() => _zone.InitializeAsync();

    public ValueTask DisposeAsync() => _zone.DisposeAsync();

    [Fact]
    public async Task One_wildcard_is_ordered_for_both_and_each_serves_the_platforms_subdomains_with_it()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var proxy = new FaultyProxy((_, _) => null);
        Dictionary<string, string> settings = new([.. _zone.Settings, .. database.Settings]);
        await using var one = await RunningEdge.StartAsync(_zone, settings: settings, inFront: proxy);
        await using var other = await RunningEdge.StartAsync(_zone, settings: settings, beside: one);
        await using var app = await TenantApp.StartAsync("a");
        foreach (var edge in (RunningEdge[])[one, other])
            await Patience.UntilAsync(async () => (await edge.Admin.GetFromJsonAsync<CertificateReport>("v1/certificates"))!.Certificates == 1, () => one.Said + other.Said);

        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(one.NewHost()), new RouteHost(one.NewHost())]);
        await Task.WhenAll(one.ServeAsync(route), other.ServeAsync(route));
        var wildcard = await database.SerialOfAsync($"*.{_zone.Name}");
        foreach (var edge in (RunningEdge[])[one, other])
        {
            await Patience.UntilAsync(async () => (await edge.StatusAsync(route.AppId)).Hosts.All(host => host is { Certificate: CertificateState.Active } && host.Serial == wildcard), () => one.Said + other.Said);
            foreach (var host in route.Hosts) (await edge.ServedSerialAsync(host.Name)).Should().Be(wildcard);
            using var browser = await edge.BrowserAsync();
            (await browser.GetStringAsync(edge.Https(route.Hosts[0].Name))).Should().Be("hello from a");
        }

        proxy.CountOf("/order-plz").Should().Be(1);
        proxy.Issues.Should().Be(1);
        await Patience.UntilAsync(async () => (await _zone.TxtAsync($"_acme-challenge.{_zone.Name}")).Count == 0, () => one.Said + other.Said);
        (await database.AskAsync<long>("select count(*) from boottify_edge.certificates")).Should().Be(1);
    }
}
