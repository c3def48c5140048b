using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

/// <summary>One certificate for all apps under the platform's domain, proved by DNS through the real PowerDNS. Each test has a zone of its own.</summary>
public sealed class WildcardTests : IAsyncLifetime
{
    private readonly Zone _zone = new();
    private string Challenge => $"_acme-challenge.{_zone.Name}";

    public ValueTask InitializeAsync() => _zone.InitializeAsync();

    public ValueTask DisposeAsync() => _zone.DisposeAsync();

    [Fact]
    public async Task A_new_app_under_the_platforms_domain_is_served_with_the_wildcard_and_needs_no_order()
    {
        await _zone.PutTextAsync(Challenge, "somebody-elses");
        await using var proxy = new FaultyProxy((_, _) => null);
        await using var edge = await RunningEdge.StartAsync(_zone, settings: _zone.Settings, inFront: proxy);
        var wildcard = await WildcardAsync(edge);
        var orders = proxy.CountOf("/order-plz");

        await using var app = await TenantApp.StartAsync("a");
        var (route, host) = await edge.ServeNewAsync(app);
        var (_, other) = await edge.ServeNewAsync(app);
        (await edge.ServedSerialAsync(host)).Should().Be(wildcard);
        (await edge.ServedSerialAsync(other)).Should().Be(wildcard);
        (await edge.StatusAsync(route.AppId)).Hosts.Single().Serial.Should().Be(wildcard);
        using (var browser = await edge.BrowserAsync())
            (await browser.GetStringAsync(edge.Https(host))).Should().Be("hello from a");
        proxy.CountOf("/order-plz").Should().Be(orders).And.Be(1);
        (await _zone.TxtAsync(Challenge)).Should().Equal("somebody-elses");

        var deeper = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost($"www.{host}")]);
        await edge.ServeAsync(deeper);
        var own = (await edge.ActiveAsync(deeper.AppId)).Hosts.Single().Serial;
        own.Should().NotBe(wildcard, "a wildcard stands for one label");
        (await edge.ServedSerialAsync($"www.{host}")).Should().Be(own);
    }

    [Fact]
    public async Task While_there_is_no_wildcard_a_host_gets_its_own_certificate_and_goes_over_to_the_wildcard_without_a_reload()
    {
        var away = _zone.Settings;
        away["BOOTTIFY_PDNS_URL"] = $"http://127.0.0.1:{Needed.FreePort()}";
        await using var edge = await RunningEdge.StartAsync(_zone, settings: away);
        await using var app = await TenantApp.StartAsync("a");
        var (route, host) = await edge.ServeNewAsync(app);
        var (own, workers) = (await edge.ServedSerialAsync(host), await edge.SettledWorkersAsync());
        (await edge.StatusAsync(route.AppId)).Hosts.Single().Serial.Should().Be(own);

        await edge.StopProcessAsync();
        File.Delete(Path.Combine(edge.Data, "certificate-states", $"_wildcard.{_zone.Name}.json")); // The time to wait after the failure is not what is tested.
        await edge.StartProcessAsync(_zone.Settings);
        await Patience.UntilAsync(async () => await edge.ServedSerialAsync(host) != own, () => edge.Said);
        var wildcard = await WildcardAsync(edge);
        (await edge.ServedSerialAsync(host)).Should().Be(wildcard);
        (await edge.StatusAsync(route.AppId)).Hosts.Single().Should().Match<HostStatus>(status => status.Certificate == CertificateState.Active && status.Serial == wildcard);
        edge.Workers.Should().BeSubsetOf(workers);

        await edge.KillProcessAsync();
        await edge.StartProcessAsync(_zone.Settings);
        (await edge.ActiveAsync(route.AppId)).Hosts.Single().Serial.Should().Be(wildcard);
    }

    [Fact]
    public async Task The_record_of_a_challenge_that_a_killed_edge_had_begun_is_removed()
    {
        var gate = new ChallengeGate();
        await using var proxy = new FaultyProxy((_, _) => null) { Look = gate.HoldAsync };
        await using var edge = await RunningEdge.StartAsync(_zone, settings: _zone.Settings, inFront: proxy);
        await gate.ReachedAsync();
        await edge.KillProcessAsync();
        (await _zone.TxtAsync(Challenge)).Should().ContainSingle();

        await edge.Pebble.RestartAsync(); // It forgets the order, so that the record is nobody's any more.
        await edge.StartProcessAsync(new(_zone.Settings) { ["BOOTTIFY_ACME_DIRECTORY"] = proxy.Directory.AbsoluteUri });
        await WildcardAsync(edge);
        await Patience.UntilAsync(async () => (await _zone.TxtAsync(Challenge)).Count == 0, () => edge.Said);
    }

    [Fact]
    public async Task A_wildcard_that_somebody_removed_is_ordered_once_for_all_hosts()
    {
        await using var proxy = new FaultyProxy((_, _) => null);
        await using var edge = await RunningEdge.StartAsync(_zone, settings: _zone.Settings, inFront: proxy);
        var first = await WildcardAsync(edge);
        await using var app = await TenantApp.StartAsync("a");
        var hosts = Enumerable.Range(0, 20).Select(_ => edge.NewHost()).ToList();
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [.. hosts.Select(host => new RouteHost(host))]);
        await edge.ServeAsync(route);
        await edge.ActiveAsync(route.AppId);

        File.Delete(edge.CertificateFile($"_wildcard.{_zone.Name}"));
        var second = await WildcardAsync(edge);
        second.Should().NotBe(first);
        foreach (var host in hosts) (await edge.ServedSerialAsync(host)).Should().Be(second);
        proxy.CountOf("/order-plz").Should().Be(2);
    }

    /// <summary>Its serial, once it is there.</summary>
    private async Task<string> WildcardAsync(RunningEdge edge)
    {
        var file = edge.CertificateFile($"_wildcard.{_zone.Name}");
        await Patience.UntilAsync(() => Task.FromResult(File.Exists(file)), () => edge.Said);
        using var certificate = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(Pem(await File.ReadAllTextAsync(file)));
        return certificate.SerialNumber;
    }

    private static byte[] Pem(string text) => System.Text.Encoding.ASCII.GetBytes(text[text.IndexOf("-----BEGIN CERTIFICATE", StringComparison.Ordinal)..]);
}
