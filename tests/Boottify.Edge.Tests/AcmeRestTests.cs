using System.Net;
using System.Security.Cryptography.X509Certificates;
using Boottify.Contracts.Edge;
using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;
using Boottify.Edge.Challenges;
using Boottify.Edge.Files;
using Boottify.Edge.Routes;
using Boottify.Edge.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using static Boottify.Testing.Patience;

namespace Boottify.Edge.Tests;

/// <summary>What of RFC 8555 is needed seldom: against the real Pebble.</summary>
public sealed class AcmeRestTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    [Fact]
    public async Task The_profile_and_the_chain_that_are_preferred_are_taken_where_they_are_offered()
    {
        // Pebble takes any of them where none is asked for: the one that is, is one of many.
        var offered = Enumerable.Range(0, 50).ToDictionary(i => $"long-{i}", _ => new { description = "", validityPeriod = 7776000 });
        offered["shortlived"] = new { description = "", validityPeriod = 518400 };
        var profiles = new Dictionary<string, object> { ["profiles"] = offered };
        // Without a window from the authority, the edge's own rule counts.
        await using var proxy = new FaultyProxy((path, _) => path.Contains("renewalInfo", StringComparison.OrdinalIgnoreCase)
            ? FaultyProxy.Answer(HttpStatusCode.NotFound, """{"type":"urn:ietf:params:acme:error:malformed","detail":"none"}""", "application/problem+json") : null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, knobs: new() { ["PEBBLE_ALTERNATE_ROOTS"] = "1" }, pebble: profiles, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        var (route, host) = await edge.ServeNewAsync(app);
        TopIssuer(edge, host).Should().Be((await edge.Pebble.RootAsync()).Subject);

        using var other = await edge.Pebble.RootAsync(1);
        await edge.StopProcessAsync();
        await edge.StartProcessAsync(new() { ["BOOTTIFY_ACME_CHAIN"] = other.GetNameInfo(X509NameType.SimpleName, false), ["BOOTTIFY_ACME_PROFILE"] = "shortlived" });
        (route, host) = await edge.ServeNewAsync(app);
        TopIssuer(edge, host).Should().Be(other.Subject);
        var status = (await edge.StatusAsync(route.AppId)).Hosts.Single();
        status.NotAfter.Should().BeBefore(DateTimeOffset.UtcNow.AddDays(7));
        status.NextAttempt.Should().BeBefore(DateTimeOffset.UtcNow.AddDays(3.1), "half of a short life is left for trouble");

        await edge.StopProcessAsync();
        await edge.StartProcessAsync(new() { ["BOOTTIFY_ACME_CHAIN"] = "Nobody", ["BOOTTIFY_ACME_PROFILE"] = "unheard-of" });
        (_, host) = await edge.ServeNewAsync(app);
        TopIssuer(edge, host).Should().Be((await edge.Pebble.RootAsync()).Subject);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_revoked_certificate_is_replaced_at_once(bool keyRefused)
    {
        await using var proxy = new FaultyProxy((path, count) => keyRefused && path.EndsWith("/revoke-cert", StringComparison.Ordinal) && count == 1
            ? FaultyProxy.Answer(HttpStatusCode.Forbidden, """{"type":"urn:ietf:params:acme:error:unauthorized","detail":"not with this key"}""", "application/problem+json") : null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await edge.ServeNewAsync(app);
        var first = await edge.ServedSerialAsync(host);
        using (var wrong = await edge.Admin.PostAsync($"v1/certificates/{host}/revoke?reason=99", null)) wrong.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        using (var unknown = await edge.Admin.PostAsync("v1/certificates/nobody.test/revoke", null)) unknown.StatusCode.Should().Be(HttpStatusCode.NotFound);
        using (var revoked = await edge.Admin.PostAsync($"v1/certificates/{host}/revoke?reason=1", null)) revoked.StatusCode.Should().Be(HttpStatusCode.NoContent);
        (await edge.Pebble.StatusOfAsync(first)).Should().Be("Revoked");
        await UntilAsync(async () => await edge.ServedSerialAsync(host) != first);
        (await edge.Pebble.StatusOfAsync(await edge.ServedSerialAsync(host))).Should().Be("Valid");
        proxy.CountOf("/revoke-cert").Should().Be(keyRefused ? 2 : 1);
    }

    [Fact]
    public async Task A_revoked_certificate_is_replaced_even_if_the_edge_is_killed_before()
    {
        var held = false;
        await using var proxy = new FaultyProxy((path, _) => held && path.EndsWith("/order-plz", StringComparison.Ordinal) ? Hold : null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await edge.ServeNewAsync(app);
        var first = await edge.ServedSerialAsync(host);
        held = true;
        using (var revoked = await edge.Admin.PostAsync($"v1/certificates/{host}/revoke?reason=1", null)) revoked.StatusCode.Should().Be(HttpStatusCode.NoContent);
        await edge.KillProcessAsync();
        held = false;
        await edge.StartProcessAsync(new() { ["BOOTTIFY_ACME_DIRECTORY"] = proxy.Directory.AbsoluteUri });
        await UntilAsync(async () => await edge.ServedSerialAsync(host) != first);
        await UntilAsync(() => Task.FromResult(!Directory.EnumerateFiles(Path.Combine(edge.Data, "certificate-states")).Any()));

        static async Task<bool> Hold(Microsoft.AspNetCore.Http.HttpContext context, Func<Task> pass)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return true;
        }
    }

    [Fact]
    public async Task A_deactivated_account_is_followed_by_a_new_one()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        var (key, url) = Account(edge);
        using (var unknown = await edge.Admin.DeleteAsync("v1/authorities/third/account")) unknown.StatusCode.Should().Be(HttpStatusCode.NotFound);
        using (var gone = await edge.Admin.DeleteAsync("v1/authorities/first/account")) gone.StatusCode.Should().Be(HttpStatusCode.NoContent);
        await edge.ServeNewAsync(app);
        Account(edge).Key.Should().NotBe(key);
        Account(edge).Url.Should().NotBe(url);
    }

    /// <summary>The edge's request may reach the authority and its answer be lost, or the authority may end the account by itself.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_account_that_the_authority_has_ended_is_followed_by_a_new_one(bool byItself)
    {
        var lost = false;
        await using var proxy = new FaultyProxy((path, _) => lost && path.Contains("/my-account/", StringComparison.Ordinal) ? FaultyProxy.CutAfterwards : null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        var (key, url) = Account(edge);
        if (byItself)
        {
            using var http = Edge.Acme.AcmeHttp.Create(edge.Pebble.Ca);
            using var transport = new AcmeTransport(http, proxy.Directory, TimeProvider.System);
            using var own = AccountKey.FromPem(key);
            await transport.PostAsync(own, url, new Uri(url), """{"status":"deactivated"}""", CancellationToken.None);
        }
        else
        {
            lost = true;
            using var unknown = await edge.Admin.DeleteAsync("v1/authorities/first/account");
            lost = false;
        }

        await edge.ServeNewAsync(app);
        Account(edge).Key.Should().NotBe(key);
        Account(edge).Url.Should().NotBe(url);
        Directory.EnumerateFiles(edge.Data, "account.pem.leaving", SearchOption.AllDirectories).Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_accounts_key_is_changed_even_if_the_answer_is_lost(bool lost)
    {
        await using var proxy = new FaultyProxy((path, _) => lost && path.EndsWith("/rollover-account-key", StringComparison.Ordinal) ? FaultyProxy.CutAfterwards : null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        var (key, url) = Account(edge);
        using (var rolled = await edge.Admin.PostAsync("v1/authorities/first/roll-key", null)) rolled.StatusCode.Should().Be(lost ? HttpStatusCode.BadGateway : HttpStatusCode.NoContent);
        await edge.ServeNewAsync(app);
        Account(edge).Key.Should().NotBe(key);
        Account(edge).Url.Should().Be(url, "it is the same account");
        Directory.EnumerateFiles(edge.Data, "account.pem.next", SearchOption.AllDirectories).Should().BeEmpty();
    }

    [Fact]
    public async Task An_account_whose_address_was_lost_is_found_by_its_key()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        var before = Account(edge);
        await edge.StopProcessAsync();
        File.Delete(Directory.EnumerateFiles(edge.Data, "account.url", SearchOption.AllDirectories).Single());
        await edge.StartProcessAsync();
        await edge.ServeNewAsync(app);
        Account(edge).Should().Be(before);
        edge.Said.Should().NotContain("Registered at");
    }

    [Fact]
    public async Task An_authority_that_lost_an_order_under_way_gets_another_one_at_once()
    {
        var gate = new ChallengeGate();
        await using var proxy = new FaultyProxy((_, _) => null) { Look = gate.HoldAsync };
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost())]);
        await edge.ServeAsync(route);
        await gate.ReachedAsync();
        await edge.Pebble.RestartAsync();
        gate.Open();
        await edge.ActiveAsync(route.AppId);
        proxy.CountOf("/order-plz").Should().Be(2);
        edge.Said.Should().NotContain("No certificate for", "it is begun anew without a failure");
    }

    [Fact]
    public async Task An_order_that_is_not_ready_after_all_is_finalized_a_moment_later()
    {
        await using var proxy = new FaultyProxy((path, count) => path.Contains("/finalize-order/", StringComparison.Ordinal) && count <= 2
            ? FaultyProxy.Answer(HttpStatusCode.Forbidden, """{"type":"urn:ietf:params:acme:error:orderNotReady","detail":"not yet"}""", "application/problem+json") : null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        proxy.CountOf("/finalize-order/").Should().Be(3);
        proxy.CountOf("/order-plz").Should().Be(1);
    }

    [Fact]
    public async Task A_date_to_come_again_is_kept_as_well_as_a_number_of_seconds()
    {
        var date = DateTimeOffset.UtcNow.AddHours(3);
        await using var proxy = new FaultyProxy((path, _) => path.EndsWith("/order-plz", StringComparison.Ordinal)
            ? FaultyProxy.Answer(HttpStatusCode.ServiceUnavailable, "<html>maintenance</html>", "text/html", retryAfter: date.ToString("R")) : null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost())]);
        await edge.ServeAsync(route);
        var host = (await edge.StatusAsync(route.AppId, 60)).Hosts.Single();
        host.Reason.Should().Contain("503").And.Contain("maintenance");
        host.NextAttempt.Should().BeAfter(date.AddMinutes(-1)).And.BeBefore(date.AddMinutes(20));
    }

    [Fact]
    public async Task What_is_under_way_for_a_name_that_is_no_longer_wanted_is_given_up_at_the_authority()
    {
        var gate = new ChallengeGate();
        await using var proxy = new FaultyProxy((_, _) => null) { Look = gate.HoldAsync };
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        var folders = new EdgeFolders(new EdgeSettings { Listen = new Uri("http://127.0.0.1:1"), Token = "", Data = Path.Combine(edge.Data, "other"), Nginx = "", Templates = "", HttpPort = 1, HttpsPort = 1, Authorities = [] });
        using var authority = new Authority(new AuthoritySettings("first", proxy.Directory, proxy.Ca), folders, new ChallengeAnswers(new Http01Answers()), TimeProvider.System, NullLoggerFactory.Instance, RegisteredDomains.Guessed);
        HostName.TryParse(edge.NewHost(), out var host, out _).Should().BeTrue();
        using var withdrawn = new CancellationTokenSource();
        var order = authority.Order.RunAsync(host, null, withdrawn.Token);
        await gate.ReachedAsync();
        var begun = (await authority.Pending.FindAsync(host.ToString(), CancellationToken.None))!;
        await withdrawn.CancelAsync();
        await ((Func<Task>)(() => order)).Should().ThrowAsync<OperationCanceledException>();

        await authority.Order.AbandonAsync(host, CancellationToken.None);
        var proof = AcmeOrder.From(await authority.Account.PostAsync(begun.Order, "", CancellationToken.None), begun.Order).Authorizations.Single();
        AcmeAuthorization.From(await authority.Account.PostAsync(proof, "", CancellationToken.None)).Status.Should().Be("deactivated");
    }

    private static (string Key, string Url) Account(RunningEdge edge)
    {
        string Read(string name) => File.ReadAllText(Directory.EnumerateFiles(Path.Combine(edge.Data, "acme"), name, SearchOption.AllDirectories).Single());
        return (Read("account.pem"), Read("account.url"));
    }

    private static string TopIssuer(RunningEdge edge, string host)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(File.ReadAllText(edge.CertificateFile(host)));
        return chain[^1].Issuer;
    }
}
