using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Boottify.Edge.Tests.Support;

/// <summary>A real certificate authority of the test's own, which reads names from the real name server.</summary>
internal sealed class Pebble(string folder, int httpPort) : IAsyncDisposable
{
    private readonly int _port = Needed.FreePort();
    private readonly int _management = Needed.FreePort();
    private Daemon? _daemon;

    public Uri Directory => new($"https://127.0.0.1:{_port}/dir");
    public string Ca => Path.Combine(folder, "pebble.pem");
    public string Said => _daemon?.Said ?? "";

    /// <param name="knobs">Environment of Pebble, such as PEBBLE_WFE_NONCEREJECT.</param>
    /// <param name="options">Members for its configuration.</param>
    public async Task StartAsync(Dictionary<string, string>? knobs = null, Dictionary<string, object>? options = null)
    {
        if (!File.Exists(Ca)) MakeCertificate();
        var configuration = new Dictionary<string, object>(options ?? [])
        {
            ["listenAddress"] = $"127.0.0.1:{_port}",
            ["managementListenAddress"] = $"127.0.0.1:{_management}",
            ["certificate"] = Ca,
            ["privateKey"] = Path.Combine(folder, "pebble.key"),
            ["httpPort"] = httpPort,
            ["tlsPort"] = 1,
            ["ocspResponderURL"] = "",
        };
        configuration.TryAdd("profiles", new { @default = new { description = "90 days", validityPeriod = 7776000 } });
        var file = Path.Combine(folder, "pebble.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { pebble = configuration }));
        var environment = new Dictionary<string, string>(knobs ?? []);
        environment.TryAdd("PEBBLE_VA_NOSLEEP", "1");
        environment.TryAdd("PEBBLE_WFE_NONCEREJECT", "0");
        _daemon = new Daemon(Needed.Pebble, ["-config", file, "-dnsserver", Needed.Setting("BOOTTIFY_DNS")], environment);
        using var client = Client(TimeSpan.FromSeconds(5));
        await _daemon.UntilAsync(async cancellation => (await client.GetAsync(Directory, cancellation)).IsSuccessStatusCode, "Pebble");
    }

    /// <summary>Pebble keeps nothing: its accounts, orders and root are gone afterwards.</summary>
    public async Task RestartAsync(Dictionary<string, string>? knobs = null)
    {
        await DisposeAsync();
        await StartAsync(knobs);
    }

    public void Pause() => _daemon!.Pause();

    public void Resume() => _daemon!.Resume();

    /// <summary>The root that signs this Pebble's certificates.</summary>
    /// <param name="number">Above 0: of an alternate chain.</param>
    public async Task<X509Certificate2> RootAsync(int number = 0)
    {
        using var client = Client(TimeSpan.FromSeconds(60));
        return X509Certificate2.CreateFromPem(await client.GetStringAsync(new Uri($"https://127.0.0.1:{_management}/roots/{number}")));
    }

    /// <summary><c>Valid</c> or <c>Revoked</c>.</summary>
    public async Task<string> StatusOfAsync(string serial)
    {
        using var client = Client(TimeSpan.FromSeconds(60));
        var status = JsonDocument.Parse(await client.GetStringAsync(new Uri($"https://127.0.0.1:{_management}/cert-status-by-serial/{serial.TrimStart('0').ToLowerInvariant()}")));
        return status.RootElement.GetProperty("Status").GetString()!;
    }

    private HttpClient Client(TimeSpan patience)
    {
        var client = Acme.AcmeHttp.Create(Ca);
        client.Timeout = patience;
        return client;
    }

    private void MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=pebble", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Ca, certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "pebble.key"), key.ExportPkcs8PrivateKeyPem());
    }

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null) await _daemon.DisposeAsync();
        _daemon = null;
    }
}
