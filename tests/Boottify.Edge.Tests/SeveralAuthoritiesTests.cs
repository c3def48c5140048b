using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Boottify.Contracts.Edge;
using Boottify.Edge.Certificates;
using Boottify.Edge.Tests.Support;
using Microsoft.AspNetCore.Http;
using static Boottify.Testing.Patience;

namespace Boottify.Edge.Tests;

/// <summary>Limits, a second authority, a staging one, and certificates that are old when they come.</summary>
public sealed class SeveralAuthoritiesTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    private const string Busy = """{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many"}""";

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(0)]
    public async Task An_authority_that_does_not_issue_is_stood_in_for_by_the_second(int status)
    {
        await using var proxy = new FaultyProxy((path, _) => !path.EndsWith("/order-plz", StringComparison.Ordinal) ? null
            : status == 0 ? Cut : FaultyProxy.Answer((HttpStatusCode)status, Busy, "application/problem+json", "3600"));
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await proxy.StartAsync(edge.Pebble);
        await edge.StopProcessAsync();
        await edge.StartProcessAsync(new()
        {
            ["BOOTTIFY_ACME_DIRECTORY"] = proxy.Directory.AbsoluteUri,
            ["BOOTTIFY_ACME_SECOND_DIRECTORY"] = edge.Pebble.Directory.AbsoluteUri,
            ["BOOTTIFY_ACME_SECOND_CA"] = edge.Pebble.Ca,
        });
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        var asked = proxy.CountOf("/order-plz");
        asked.Should().BeGreaterThan(0);
        await edge.ServeNewAsync(app);
        if (status != 429) proxy.CountOf("/order-plz").Should().Be(asked, "one that does not answer is not asked first for a while");
        Directory.EnumerateFiles(Path.Combine(edge.Data, "acme"), "account.pem", SearchOption.AllDirectories).Should().HaveCount(2, "each authority knows another account");
        Directory.EnumerateFiles(Path.Combine(edge.Data, "certificate-states")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_name_that_is_at_fault_itself_costs_no_second_authority_anything()
    {
        await using var second = new FaultyProxy((_, _) => null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await second.StartAsync(edge.Pebble);
        await edge.StopProcessAsync();
        await edge.StartProcessAsync(new() { ["BOOTTIFY_ACME_SECOND_DIRECTORY"] = second.Directory.AbsoluteUri, ["BOOTTIFY_ACME_SECOND_CA"] = second.Ca });
        await using var app = await TenantApp.StartAsync("a");
        (await FailedAsync(edge, app, $"nowhere.{zone.Zone.Name}")).Host.Reason.Should().Contain("Check that its DNS records");
        second.CountOf("/order-plz").Should().Be(0);
    }

    [Fact]
    public async Task A_name_that_failed_is_tried_at_the_staging_authority_until_that_believes_it()
    {
        var host = $"later.nowhere.{zone.Zone.Name}";
        await using var staging = new FaultyProxy((_, _) => null);
        await using var first = new FaultyProxy((_, _) => null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: first);
        await staging.StartAsync(edge.Pebble);
        var settings = new Dictionary<string, string>
        {
            ["BOOTTIFY_ACME_DIRECTORY"] = first.Directory.AbsoluteUri,
            ["BOOTTIFY_ACME_STAGING_DIRECTORY"] = staging.Directory.AbsoluteUri,
            ["BOOTTIFY_ACME_STAGING_CA"] = staging.Ca,
        };
        await using var app = await TenantApp.StartAsync("a");
        await edge.StopProcessAsync();
        await edge.StartProcessAsync(settings);
        var (appId, _) = await FailedAsync(edge, app, host);
        (first.CountOf("/order-plz"), staging.CountOf("/order-plz")).Should().Be((1, 0));

        await RetryNowAsync(edge, host, settings);
        await UntilAsync(async () => (await edge.StatusAsync(appId)).Hosts.Single() is { Certificate: CertificateState.Failed, Reason: { } why } && why.Contains("staging", StringComparison.Ordinal));
        (first.CountOf("/order-plz"), staging.CountOf("/order-plz")).Should().Be((1, 1));

        await zone.Zone.PutAddressAsync(host);
        await RetryNowAsync(edge, host, settings);
        await UntilAsync(async () => (await edge.StatusAsync(appId)).Hosts.Single().Certificate == CertificateState.Active);
        (first.CountOf("/order-plz"), staging.CountOf("/order-plz")).Should().Be((2, 2));
    }

    [Fact]
    public async Task What_the_authority_allows_is_not_overdrawn_and_the_report_tells()
    {
        var settings = new Dictionary<string, string> { ["BOOTTIFY_ACME_LIMITS"] = "certificates=2" };
        await using var proxy = new FaultyProxy((_, _) => null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, settings: settings, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        await edge.ServeNewAsync(app);
        var (appId, failed) = await FailedAsync(edge, app, edge.NewHost());
        failed.Reason.Should().Contain($"allows 2 certificates for {zone.Zone.Name} a week");
        failed.NextAttempt.Should().BeAfter(DateTimeOffset.UtcNow.AddDays(6.9)).And.BeBefore(DateTimeOffset.UtcNow.AddDays(7.1));

        await edge.Admin.DeleteAsync($"v1/routes/{appId}?version=2");
        (await FailedAsync(edge, app, edge.NewHost())).Host.Reason.Should().Contain("allows 2 certificates", "an app that is removed and added again forgets nothing");
        proxy.CountOf("/order-plz").Should().Be(2);

        var report = (await edge.Admin.GetFromJsonAsync<CertificateReport>("v1/certificates"))!;
        report.Certificates.Should().Be(2);
        report.Alarms.Should().BeEmpty();
        report.Authorities.Single().Should().Match<CertificateReport.Issuer>(one => one.Name == "first" && one.Orders == 2 && one.OrdersAllowed == 300 && !one.Rests);
        var metrics = await edge.Admin.GetStringAsync("metrics");
        metrics.Should().Contain("boottify_edge_certificates_in_danger 0").And.Contain("boottify_edge_authority_orders{authority=\"first\"} 2").And.Contain("boottify_edge_certificates{left=\"more\"} 2");
        using var stranger = new HttpClient { BaseAddress = edge.Admin.BaseAddress };
        using var refused = await stranger.GetAsync("v1/certificates");
        refused.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_certificate_that_is_old_when_it_comes_is_served_and_told_and_not_ordered_again_and_again()
    {
        ECDsa? applicant = null;
        await using var proxy = new FaultyProxy((path, _) => path.Contains("/certZ/", StringComparison.Ordinal) && applicant is not null
            ? FaultyProxy.Answer(HttpStatusCode.OK, Backdated(applicant, $"old.{zone.Zone.Name}"), "application/pem-certificate-chain") : null)
        {
            Look = async context => applicant = await ApplicantAsync(context) ?? applicant,
        };
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost($"old.{zone.Zone.Name}")]);
        var began = DateTimeOffset.UtcNow;
        await edge.ServeAsync(route);
        var host = (await edge.ActiveAsync(route.AppId)).Hosts.Single();
        host.Reason.Should().Contain("due for renewal already").And.Contain("clock");
        host.NextAttempt.Should().BeAfter(began.AddSeconds(5));
        var report = (await edge.Admin.GetFromJsonAsync<CertificateReport>("v1/certificates"))!;
        report.Alarms.Single().Reason.Should().Be(host.Reason);
        (await edge.Admin.GetStringAsync("metrics")).Should().Contain("boottify_edge_certificates_in_danger 1");
        proxy.CountOf("/order-plz").Should().Be(1);
        applicant?.Dispose();
    }

    private static Task<bool> Cut(HttpContext context, Func<Task> pass)
    {
        context.Abort();
        return Task.FromResult(true);
    }

    /// <summary>The key that the certificate is asked for.</summary>
    private static async Task<ECDsa?> ApplicantAsync(HttpContext context)
    {
        if (!context.Request.Path.Value!.Contains("/finalize-order/", StringComparison.Ordinal)) return null;
        var request = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(request.GetProperty("payload").GetString()!)).RootElement;
        var csr = CertificateRequest.LoadSigningRequest(Base64Url.DecodeFromChars(payload.GetProperty("csr").GetString()!), HashAlgorithmName.SHA256);
        var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(csr.PublicKey.ExportSubjectPublicKeyInfo(), out _);
        return key;
    }

    private static string Backdated(ECDsa applicant, string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=slow clock", key, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = root.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddYears(1));
        var request = new CertificateRequest(new X500DistinguishedName(""), new PublicKey(applicant), HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(authority, DateTimeOffset.UtcNow.AddDays(-88), DateTimeOffset.UtcNow.AddDays(2), RandomNumberGenerator.GetBytes(16));
        return $"{leaf.ExportCertificatePem()}\n{authority.ExportCertificatePem()}\n";
    }

    private static async Task<(string AppId, HostStatus Host)> FailedAsync(RunningEdge edge, TenantApp app, string host)
    {
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        await edge.ServeAsync(route);
        var status = (await edge.StatusAsync(route.AppId, 60)).Hosts.Single();
        status.Certificate.Should().Be(CertificateState.Failed, edge.Said);
        return (route.AppId, status);
    }

    /// <summary>As if the time of the next attempt had come.</summary>
    private static async Task RetryNowAsync(RunningEdge edge, string host, Dictionary<string, string> settings)
    {
        await edge.StopProcessAsync();
        var file = Path.Combine(edge.Data, "certificate-states", $"{host}.json");
        var trouble = JsonSerializer.Deserialize<Trouble>(await File.ReadAllTextAsync(file), JsonSerializerOptions.Web)!;
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(trouble with { NextAttempt = DateTimeOffset.UtcNow }, JsonSerializerOptions.Web));
        await edge.StartProcessAsync(settings);
    }
}
