using Boottify.Edge.Certificates;
using Boottify.Edge.Files;
using Boottify.Edge.Routes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Boottify.Edge.Tests;

public sealed class CertificateStoreTests : IDisposable
{
    private readonly EdgeFolders _folders = new(new EdgeSettings
    {
        Listen = new Uri("http://127.0.0.1:1"),
        Token = "",
        Data = Directory.CreateTempSubdirectory("boottify-store-").FullName,
        Nginx = "",
        Templates = "",
        HttpPort = 1,
        HttpsPort = 1,
        Authorities = [],
    });

    [Fact]
    public void A_file_that_cannot_be_read_counts_as_none()
    {
        Directory.CreateDirectory(_folders.Certificates);
        Directory.CreateDirectory(_folders.CertificateStates);
        // To be found, and an I/O error to whoever reads it, root or not.
        File.CreateSymbolicLink(Path.Combine(_folders.Certificates, "a.test.pem"), "/proc/self/mem");
        File.CreateSymbolicLink(Path.Combine(_folders.CertificateStates, "a.test.json"), "/proc/self/mem");
        File.CreateSymbolicLink(Path.Combine(_folders.CertificateStates, "a.test.revoked"), "/proc/self/mem");
        var store = new CertificateStore(_folders, TimeProvider.System, NullLogger<CertificateStore>.Instance);
        HostName.TryParse("a.test", out var host, out _).Should().BeTrue();
        store.Find(host).Should().BeNull();
        store.TroubleOf(host).Should().BeNull();
        store.RevokedOf(host).Should().BeNull();
    }

    public void Dispose() => Directory.Delete(_folders.Root, recursive: true);
}
