using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;
using static Boottify.Testing.Patience;

namespace Boottify.Edge.Tests;

[Collection(SharedEdgeCollection.Name)]
public sealed class CertificateTests(SharedEdge shared)
{
    private RunningEdge Edge => shared.Edge;

    [Fact]
    public async Task A_new_certificate_is_served_from_the_next_handshake_on_by_the_same_workers()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await Edge.ServeNewAsync(app);
        var (generation, workers, before) = (Edge.Generation, await Edge.SettledWorkersAsync(), await Edge.ServedSerialAsync(host));

        var renewed = SelfSigned(host);
        await ReplaceAsync(Edge.CertificateFile(host), renewed.Pem);

        (await Edge.ServedSerialAsync(host)).Should().Be(renewed.Serial).And.NotBe(before);
        Edge.Generation.Should().Be(generation);
        Edge.Workers.Should().BeSubsetOf(workers);
    }

    [Fact]
    public async Task The_certificate_of_a_host_that_came_late_needs_no_reload()
    {
        await using var app = await TenantApp.StartAsync("a");
        var host = $"nowhere.{Edge.Zone.Name}";
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        var began = DateTimeOffset.UtcNow;
        await Edge.ServeAsync(route);
        var failed = (await Edge.StatusAsync(route.AppId, 60)).Hosts.Single();
        failed.Certificate.Should().Be(CertificateState.Failed);
        failed.Reason.Should().Contain("DNS").And.Contain("Check");
        failed.NextAttempt.Should().BeAfter(began).And.BeBefore(DateTimeOffset.UtcNow.AddMinutes(1));

        var (generation, workers) = (Edge.Generation, await Edge.SettledWorkersAsync());
        await Edge.Zone.PutAddressAsync(host);
        await UntilAsync(async () => (await Edge.StatusAsync(route.AppId)).Hosts.Single().Certificate == CertificateState.Active);
        using var browser = await Edge.BrowserAsync();
        (await browser.GetStringAsync(Edge.Https(host))).Should().Be("hello from a");
        Edge.Generation.Should().Be(generation);
        Edge.Workers.Should().BeSubsetOf(workers);
        await Edge.Admin.DeleteAsync($"v1/routes/{route.AppId}?version=2");
    }

    [Fact]
    public async Task An_attempt_whose_outcome_cannot_be_stored_is_over_all_the_same()
    {
        await using var app = await TenantApp.StartAsync("a");
        var host = $"unstored.nowhere.{Edge.Zone.Name}";
        var obstacle = Directory.CreateDirectory(Path.Combine(Edge.Data, "certificate-states", $"{host}.json.new"));
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        await Edge.ServeAsync(route);
        (await Edge.StatusAsync(route.AppId, 60)).Hosts.Single().Certificate.Should().Be(CertificateState.Failed, Edge.Said);
        await UntilAsync(() => Task.FromResult(Edge.Said.Contains("cannot be stored", StringComparison.Ordinal)));
        await Edge.Admin.DeleteAsync($"v1/routes/{route.AppId}?version=2");
        obstacle.Delete();
    }

    [Theory]
    [InlineData("rubbish")]
    [InlineData("empty")]
    [InlineData("missing")]
    [InlineData("another key")]
    public async Task A_broken_certificate_file_hurts_its_own_host_alone(string how)
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, hurt) = await Edge.ServeNewAsync(app);
        var (_, well) = await Edge.ServeNewAsync(app);
        var (file, before) = (Edge.CertificateFile(hurt), await Edge.ServedSerialAsync(hurt));
        if (how == "missing") File.Delete(file);
        else await ReplaceAsync(file, how switch { "rubbish" => "no PEM at all", "empty" => "", _ => SelfSigned(hurt).Key + string.Concat(File.ReadAllText(file).Split("-----END PRIVATE KEY-----").Skip(1)) });

        await NotServedAsync();
        using var browser = await Edge.BrowserAsync();
        (await browser.GetStringAsync(Edge.Https(well))).Should().Be("hello from a");

        var served = "";
        await UntilAsync(async () =>
        {
            try
            {
                served = await Edge.ServedSerialAsync(hurt);
            }
            catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
            {
            }

            return served.Length > 0;
        });
        (await browser.GetStringAsync(Edge.Https(hurt))).Should().Be("hello from a", "the edge notices by itself and replaces it");

        // Unless it was replaced already.
        async Task NotServedAsync()
        {
            var now = "";
            try
            {
                now = await Edge.ServedSerialAsync(hurt);
            }
            catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
            {
            }

            now.Should().NotBe(before);
        }
    }

    [Fact]
    public async Task An_app_that_is_gone_hurts_its_own_host_alone()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, well) = await Edge.ServeNewAsync(app);
        var gone = await TenantApp.StartAsync("gone");
        var (_, hurt) = await Edge.ServeNewAsync(gone);
        await gone.DisposeAsync();

        using var browser = await Edge.BrowserAsync();
        using var answer = await browser.GetAsync(Edge.Https(hurt));
        answer.StatusCode.Should().Be(HttpStatusCode.BadGateway);
        (await browser.GetStringAsync(Edge.Https(well))).Should().Be("hello from a");
    }

    [Fact]
    public async Task Key_and_chain_are_one_file_that_nobody_but_nginx_may_read()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await Edge.ServeNewAsync(app);
        var file = Edge.CertificateFile(host);
        File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        (File.GetUnixFileMode(Path.GetDirectoryName(file)!) & (UnixFileMode.OtherExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)).Should().Be(UnixFileMode.None);
        var text = await File.ReadAllTextAsync(file);
        text.Should().StartWith($"Authority: {Edge.Pebble.Directory}\n-----BEGIN PRIVATE KEY-----");
        using var certificate = X509Certificate2.CreateFromPem(text, text);
        certificate.GetECDsaPrivateKey().Should().NotBeNull();
        certificate.MatchesHostname(host).Should().BeTrue();
    }

    [Fact]
    public async Task Twenty_hosts_get_their_certificates_side_by_side()
    {
        await using var app = await TenantApp.StartAsync("a");
        var hosts = Enumerable.Range(0, 20).Select(_ => Edge.NewHost()).ToList();
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [.. hosts.Select(host => new RouteHost(host))]);
        await Edge.ServeAsync(route);
        await Edge.ActiveAsync(route.AppId);
        var serials = new HashSet<string>();
        foreach (var host in hosts) serials.Add(await Edge.ServedSerialAsync(host));
        serials.Should().HaveCount(20, "each host has a certificate and a key of its own");
    }

    [Fact]
    public async Task A_withdrawn_app_is_not_served_and_leaves_no_key_behind()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (route, host) = await Edge.ServeNewAsync(app);
        for (var twice = 0; twice < 2; twice++)
            await Edge.WithdrawAsync(route.AppId, version: 2);

        using var unknown = await Edge.Admin.GetAsync($"v1/routes/{route.AppId}");
        unknown.StatusCode.Should().Be(HttpStatusCode.NotFound);
        await ((Func<Task>)(() => Edge.ServedSerialAsync(host))).Should().ThrowAsync<Exception>();
        Directory.EnumerateFiles(Edge.Data, $"*{host}*", SearchOption.AllDirectories).Should().BeEmpty();
        using var late = await Edge.PutAsync(route);
        late.StatusCode.Should().Be(HttpStatusCode.Conflict, "a late message must not bring it back");
    }

    private static (string Pem, string Key, string Serial) SelfSigned(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        return (key.ExportPkcs8PrivateKeyPem() + "\n" + certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem(), certificate.SerialNumber);
    }

    /// <summary>As the edge does it: in one step, with the same mode.</summary>
    private static Task ReplaceAsync(string file, string text) => Files.AtomicFile.WriteAsync(file, text, Files.AtomicFile.GroupReadable, CancellationToken.None);
}
