using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Boottify.Benchmarks.Edge;

/// <summary>A certificate authority of the benchmark's own, which fetches challenges from one port of this machine.</summary>
internal sealed class BenchPebble : IAsyncDisposable
{
    private readonly Daemon daemon;

    private BenchPebble(string folder, int httpPort)
    {
        var port = Ports.Free();
        Directory = new Uri($"https://127.0.0.1:{port}/dir");
        Ca = Path.Combine(folder, "tls.pem");
        MakeCertificate(folder);
        var file = Path.Combine(folder, "pebble.json");
        // As the platform's own (ops/components/acme.sh).
        File.WriteAllText(file, JsonSerializer.Serialize(new
        {
            pebble = new
            {
                listenAddress = $"127.0.0.1:{port}",
                managementListenAddress = $"127.0.0.1:{Ports.Free()}",
                certificate = Ca,
                privateKey = Path.Combine(folder, "tls.key"),
                httpPort,
                tlsPort = 1,
                ocspResponderURL = "",
                retryAfter = new { authz = 1, order = 1 },
                profiles = new { @default = new { description = "90 days", validityPeriod = 7776000 } },
            },
        }));
        daemon = new Daemon(Binary, ["-config", file, "-dnsserver", BenchPlatform.Setting("BOOTTIFY_DNS")],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["PEBBLE_VA_NOSLEEP"] = "1", ["PEBBLE_WFE_NONCEREJECT"] = "0" });
    }

    public Uri Directory { get; }

    /// <summary>PEM file that verifies its own TLS.</summary>
    public string Ca { get; }

    public static async Task<BenchPebble> StartAsync(string folder, int httpPort)
    {
        var pebble = new BenchPebble(folder, httpPort);
        using var client = Clients.OnLoopback();
        try
        {
            await pebble.daemon.UntilAsync(stop => client.AnswersAsync(pebble.Directory, stop), "Pebble");
            return pebble;
        }
        catch
        {
            await pebble.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => daemon.DisposeAsync();

    private static string Binary
    {
        get
        {
            var cached = Path.Combine(Environment.GetEnvironmentVariable("BOOTTIFY_CACHE") ?? "/var/cache/boottify", "pebble/usr/bin/pebble");
            return File.Exists(cached) ? cached : "/usr/bin/pebble";
        }
    }

    private static void MakeCertificate(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=pebble", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(folder, "tls.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "tls.key"), key.ExportPkcs8PrivateKeyPem());
    }
}
