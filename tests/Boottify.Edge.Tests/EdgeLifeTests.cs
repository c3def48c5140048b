using System.Net;
using Boottify.Contracts.Edge;
using Boottify.Edge.Files;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

/// <summary>What happens when something stops, breaks or is slow: each test has an edge of its own.</summary>
public sealed class EdgeLifeTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    public sealed class OwnZone : IAsyncLifetime
    {
        internal Zone Zone { get; } = new();
        public ValueTask InitializeAsync() => Zone.InitializeAsync();
        public ValueTask DisposeAsync() => Zone.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nginx_serves_on_while_the_edge_is_away_and_is_found_again(bool killed)
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("a");
        var (route, host) = await edge.ServeNewAsync(app);
        await edge.ServeAsync(route = route with { Version = 7 });
        var (nginx, workers, serial) = (edge.NginxPid, await edge.SettledWorkersAsync(), await edge.ServedSerialAsync(host));
        using var browser = await edge.BrowserAsync();

        await (killed ? edge.KillProcessAsync() : edge.StopProcessAsync());
        (await browser.GetStringAsync(edge.Https(host))).Should().Be("hello from a");
        await edge.StartProcessAsync();

        (await edge.StatusAsync(route.AppId, 30)).Should().Match<RouteStatus>(status => status.Live && status.Version == 7 && status.Hosts[0].Certificate == CertificateState.Active);
        edge.NginxPid.Should().Be(nginx);
        edge.Workers.Should().BeSubsetOf(workers);
        (await edge.ServedSerialAsync(host)).Should().Be(serial);
        using var older = await edge.PutAsync(route with { Version = 6 });
        older.StatusCode.Should().Be(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task New_connections_for_each_request_run_out_though_the_edge_was_killed_after_it_was_asked_for_them()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("left");
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost(), RedirectToHttps: false)]);
        await edge.ServeAsync(route);
        using (var begun = await edge.Admin.PutAsync($"v1/routes/{route.AppId}/fresh-connections?seconds=30", null))
            begun.StatusCode.Should().Be(HttpStatusCode.NoContent);
        var folder = Path.Combine(edge.Data, "nginx/fresh");
        Directory.GetFiles(folder).Should().ContainSingle();

        await edge.KillProcessAsync();
        await Task.Delay(TimeSpan.FromSeconds(30.1), TestContext.Current.CancellationToken);
        await edge.StartProcessAsync();
        await Patience.UntilAsync(() => Task.FromResult(Directory.GetFiles(folder).Length == 0));
    }

    [Fact]
    public async Task A_killed_nginx_is_started_again_with_everything()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await edge.ServeNewAsync(app);
        foreach (var process in edge.Workers.Prepend(edge.NginxPid).ToList()) Files.Posix.Signal(process, 9);
        using var browser = await edge.BrowserAsync();
        var answered = "";
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        while (answered.Length == 0)
        {
            try
            {
                answered = await browser.GetStringAsync(edge.Https(host), deadline.Token);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100, deadline.Token);
            }
        }

        answered.Should().Be("hello from a");
    }

    [Fact]
    public async Task A_configuration_that_nginx_refuses_changes_nothing_and_says_why()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await edge.ServeNewAsync(app);
        var (generation, workers) = (edge.Generation, await edge.SettledWorkersAsync());
        var template = Path.Combine(edge.Templates, "tls.conf.liquid");
        var good = await File.ReadAllTextAsync(template);
        await File.WriteAllTextAsync(template, good + "\nno_such_directive on;\n");

        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost(), false)]);
        using var refused = await edge.PutAsync(route);
        refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await refused.Content.ReadAsStringAsync()).Should().Contain("no_such_directive");
        using var unknown = await edge.Admin.GetAsync($"v1/routes/{route.AppId}");
        unknown.StatusCode.Should().Be(HttpStatusCode.NotFound);
        edge.Generation.Should().Be(generation);
        edge.Workers.Should().BeSubsetOf(workers);
        using var browser = await edge.BrowserAsync();
        (await browser.GetStringAsync(edge.Https(host))).Should().Be("hello from a");

        await edge.StopProcessAsync(); // Not even a start with it does harm.
        await edge.StartProcessAsync();
        (await browser.GetStringAsync(edge.Https(host))).Should().Be("hello from a");

        await File.WriteAllTextAsync(template, good);
        await edge.ServeAsync(route);
    }

    [Fact]
    public async Task A_configuration_that_passes_the_test_but_not_the_reload_is_taken_back()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await edge.ServeNewAsync(app);
        var generation = edge.Generation;
        var template = Path.Combine(edge.Templates, "tls.conf.liquid");
        var good = await File.ReadAllTextAsync(template);
        // nginx -t takes a port that is in use for its own; the reload does not.
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await File.WriteAllTextAsync(template, $"{good}\nserver {{ listen {taken.LocalEndpoint}; }}\n");

        using var refused = await edge.PutAsync(new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost(), false)]));
        refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await refused.Content.ReadAsStringAsync()).Should().Contain("bind()");
        edge.Generation.Should().Be(generation, "the last good configuration is put back");
        using var browser = await edge.BrowserAsync();
        (await browser.GetStringAsync(edge.Https(host))).Should().Be("hello from a");
    }

    [Fact]
    public async Task Every_second_nonce_refused_still_ends_in_a_certificate()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone, knobs: new() { ["PEBBLE_WFE_NONCEREJECT"] = "50" });
        await using var app = await TenantApp.StartAsync("a");
        var hosts = Enumerable.Range(0, 5).Select(_ => new RouteHost(edge.NewHost())).ToList();
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, hosts);
        await edge.ServeAsync(route);
        await edge.ActiveAsync(route.AppId);
        edge.Pebble.Said.Should().Contain("nonce", "the refusals must have happened");
    }

    [Fact]
    public async Task An_authority_that_forgot_its_accounts_is_given_ours_again()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        await edge.Pebble.RestartAsync();
        await edge.ServeNewAsync(app);
        edge.Said.Should().Contain("registered again with the same key");
    }

    [Fact]
    public async Task An_authority_that_is_away_delays_the_certificate_and_nothing_else()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("a");
        var (_, served) = await edge.ServeNewAsync(app);
        await edge.Pebble.DisposeAsync();
        var host = edge.NewHost();
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        await edge.ServeAsync(route);
        var status = (await edge.StatusAsync(route.AppId, 60)).Hosts.Single();
        status.Certificate.Should().Be(CertificateState.Failed);
        status.Reason.Should().Contain("cannot be reached");
        status.NextAttempt.Should().NotBeNull();

        await edge.Pebble.StartAsync();
        await Patience.UntilAsync(async () => (await edge.StatusAsync(route.AppId)).Hosts.Single().Certificate == CertificateState.Active, () => edge.Said);
        (await edge.ServedSerialAsync(served)).Should().NotBeEmpty();
    }

    [Fact]
    public async Task A_certificate_that_is_not_seen_served_is_looked_at_again_and_not_ordered_again()
    {
        RunningEdge? running = null;
        var stopped = new List<int>();
        var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var proxy = new FaultyProxy((_, _) => null)
        {
            Look = async context =>
            {
                if (!context.Request.Path.Value!.Contains("/certZ/", StringComparison.Ordinal) || stopped.Count > 0) return;
                // nginx stops answering after the proof, before the certificate is there; not in the middle of the reload, which the order runs beside.
                await served.Task.WaitAsync(TimeSpan.FromSeconds(60), context.RequestAborted);
                stopped.AddRange([running!.NginxPid, .. running.Workers]);
                foreach (var pid in stopped) Posix.Signal(pid, 19);
            },
        };
        await using var edge = running = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        try
        {
            await using var app = await TenantApp.StartAsync("a");
            var host = edge.NewHost();
            var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
            await edge.ServeAsync(route);
            served.SetResult();
            var unseen = (await edge.StatusAsync(route.AppId, 60)).Hosts.Single();
            unseen.Certificate.Should().Be(CertificateState.Failed, edge.Said);
            unseen.Reason.Should().Contain("was published, but");
            foreach (var pid in stopped) Posix.Signal(pid, 18);
            var seen = await Patience.UntilAsync(async () => (await edge.StatusAsync(route.AppId)).Hosts.Single(), status => status.Certificate == CertificateState.Active);
            seen.Serial.Should().Be(unseen.Serial).And.Be(await edge.ServedSerialAsync(host));
            seen.Reason.Should().BeNull();
            proxy.CountOf("/order-plz").Should().Be(1);
        }
        finally
        {
            foreach (var pid in stopped) Posix.Signal(pid, 18);
        }
    }

    [Fact]
    public async Task An_order_that_a_killed_edge_had_begun_is_gone_on_with()
    {
        var gate = new ChallengeGate();
        await using var proxy = new FaultyProxy((_, _) => null) { Look = gate.HoldAsync };
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        var host = edge.NewHost();
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        await edge.ServeAsync(route);
        await gate.ReachedAsync();
        await edge.KillProcessAsync();
        var order = Directory.EnumerateFiles(Path.Combine(edge.Data, "acme"), $"{host}.json", SearchOption.AllDirectories).Single();
        var begun = await File.ReadAllTextAsync(order);

        await edge.StartProcessAsync(new() { ["BOOTTIFY_ACME_DIRECTORY"] = proxy.Directory.AbsoluteUri });
        await edge.ActiveAsync(route.AppId);

        File.Exists(order).Should().BeFalse("a finished order is forgotten");
        using var key = System.Security.Cryptography.ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(edge.CertificateFile(host)));
        System.Text.Json.JsonDocument.Parse(begun).RootElement.GetProperty("Key").GetString().Should().Be(key.ExportPkcs8PrivateKeyPem(), "the certificate is the begun order's");
    }
}
