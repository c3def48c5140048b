using System.Net;
using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

/// <summary>A certificate authority that misbehaves: a real Pebble behind a proxy that spoils some of its answers.</summary>
public sealed class AuthorityFaultTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    [Fact]
    public async Task An_overloaded_authority_is_asked_again_when_it_says_so()
    {
        await using var proxy = new FaultyProxy((path, count) => path.EndsWith("/order-plz", StringComparison.Ordinal) && count <= 2
            ? FaultyProxy.Answer(HttpStatusCode.ServiceUnavailable, "<html>too busy</html>", "text/html", retryAfter: "1") : null);
        await using var edge = await StartAsync(proxy);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        proxy.CountOf("/order-plz").Should().Be(3);
    }

    [Fact]
    public async Task A_rate_limit_is_a_dated_failure_that_is_not_tried_before()
    {
        await using var proxy = new FaultyProxy((path, _) => path.EndsWith("/order-plz", StringComparison.Ordinal)
            ? FaultyProxy.Answer(HttpStatusCode.TooManyRequests, """{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"}""", "application/problem+json", retryAfter: "7200") : null);
        await using var edge = await StartAsync(proxy);
        await using var app = await TenantApp.StartAsync("a");
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost())]);
        await edge.ServeAsync(route);
        var host = (await edge.StatusAsync(route.AppId, 60)).Hosts.Single();
        host.Certificate.Should().Be(CertificateState.Failed);
        host.Reason.Should().Contain("too many certificates").And.Contain("rateLimited");
        host.NextAttempt.Should().BeAfter(DateTimeOffset.UtcNow.AddMinutes(118));
        proxy.CountOf("/order-plz").Should().Be(1);

        await edge.KillProcessAsync();
        await edge.StartProcessAsync(new() { ["BOOTTIFY_ACME_DIRECTORY"] = proxy.Directory.AbsoluteUri, ["BOOTTIFY_ACME_CA"] = proxy.Ca });
        (await edge.StatusAsync(route.AppId, 60)).Hosts.Single().NextAttempt.Should().Be(host.NextAttempt, "a restart does not eat the limits");
        proxy.CountOf("/order-plz").Should().Be(1);
    }

    [Theory]
    [InlineData("/order-plz")]
    [InlineData("/sign-me-up")]
    [InlineData("/authZ/")]
    [InlineData("/chalZ/")]
    [InlineData("/finalize-order/")]
    [InlineData("/certZ/")]
    [InlineData("/my-order/")]
    public async Task A_connection_that_is_cut_before_the_answer_came_still_ends_in_a_certificate(string path)
    {
        await using var proxy = new FaultyProxy((asked, count) => asked.Contains(path, StringComparison.Ordinal) && count == 1 ? FaultyProxy.CutAfterwards : null);
        await using var edge = await StartAsync(proxy);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        proxy.CountOf(path).Should().BeGreaterThan(1);
    }

    [Fact]
    public async Task Validation_that_is_answered_with_rubbish_is_a_failure_in_plain_words()
    {
        await using var proxy = new FaultyProxy((path, _) => path.Contains("/certZ/", StringComparison.Ordinal) ? FaultyProxy.Answer(HttpStatusCode.OK, "not a certificate", "text/plain") : null);
        await using var edge = await StartAsync(proxy);
        await using var app = await TenantApp.StartAsync("a");
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost())]);
        await edge.ServeAsync(route);
        var host = (await edge.StatusAsync(route.AppId, 60)).Hosts.Single();
        host.Certificate.Should().Be(CertificateState.Failed);
        host.Reason.Should().Contain("certificate");
        Directory.EnumerateFiles(Path.Combine(edge.Data, "certificates")).Should().BeEmpty("nothing unchecked is published");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("50")]
    [InlineData("100")]
    public async Task Authorizations_that_are_reused_or_not_both_end_in_a_certificate(string reuse)
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone, knobs: new() { ["PEBBLE_AUTHZREUSE"] = reuse });
        await using var app = await TenantApp.StartAsync("a");
        var (route, host) = await edge.ServeNewAsync(app);
        var first = await edge.ServedSerialAsync(host);
        File.Delete(edge.CertificateFile(host));
        await edge.StopProcessAsync();
        await edge.StartProcessAsync();
        await edge.ActiveAsync(route.AppId);
        (await edge.ServedSerialAsync(host)).Should().NotBe(first);
    }

    [Fact]
    public async Task An_authority_that_wants_an_external_account_gets_it_or_says_what_is_missing()
    {
        var key = Convert.ToBase64String(new byte[32]).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        var pebble = new Dictionary<string, object> { ["externalAccountBindingRequired"] = true, ["externalAccountMACKeys"] = new Dictionary<string, string> { ["kid-1"] = key } };
        await using var edge = await RunningEdge.StartAsync(zone.Zone, pebble: pebble);
        await using var app = await TenantApp.StartAsync("a");
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost())]);
        await edge.ServeAsync(route);
        (await edge.StatusAsync(route.AppId, 60)).Hosts.Single().Reason.Should().Contain("BOOTTIFY_ACME_EAB_KID");

        await edge.StopProcessAsync();
        await edge.StartProcessAsync(new() { ["BOOTTIFY_ACME_EAB_KID"] = "kid-1", ["BOOTTIFY_ACME_EAB_KEY"] = key });
        await edge.ServeNewAsync(app);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_certificate_that_the_authority_wants_renewed_is_renewed_with_or_without_its_leave_to_replace(bool alreadyReplaced)
    {
        string? first = null;
        var orders = 0;
        await using var proxy = new FaultyProxy((path, _) =>
        {
            if (path.Contains("renewalInfo", StringComparison.OrdinalIgnoreCase) && Interlocked.CompareExchange(ref first, path, null) is null)
                return FaultyProxy.Answer(HttpStatusCode.OK, """{"suggestedWindow":{"start":"2020-01-01T00:00:00Z","end":"2020-01-02T00:00:00Z"},"explanationURL":"https://ca.test/incident"}""", "application/json", "21600");
            return path.EndsWith("/order-plz", StringComparison.Ordinal) && Interlocked.Increment(ref orders) == 2 && alreadyReplaced
                ? FaultyProxy.Answer(HttpStatusCode.Conflict, """{"type":"urn:ietf:params:acme:error:alreadyReplaced","detail":"replaced"}""", "application/problem+json") : null;
        });
        await using var edge = await StartAsync(proxy);
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await edge.ServeNewAsync(app);
        var (before, workers) = (await edge.ServedSerialAsync(host), await edge.SettledWorkersAsync());
        await Patience.UntilAsync(async () => await edge.ServedSerialAsync(host) != before, () => edge.Said);
        edge.Workers.Should().BeSubsetOf(workers, "a renewal needs no reload");
        edge.Said.Should().Contain("https://ca.test/incident");
        orders.Should().Be(alreadyReplaced ? 3 : 2);
    }

    private Task<RunningEdge> StartAsync(FaultyProxy proxy) => RunningEdge.StartAsync(zone.Zone, inFront: proxy);
}
