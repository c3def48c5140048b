using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Boottify.Benchmarks.Edge;

/// <summary>Keys with chains from an authority that is made here: P-256 as the edge's own, each for all names of one zone.</summary>
internal static class BenchCertificates
{
    public const string Zone = "bench.test";

    /// <returns>PEM: key, certificate, authority.</returns>
    public static IReadOnlyList<string> Make(int count)
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=Benchmark", rootKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var (from, until) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(90));
        using var root = authority.CreateSelfSigned(from, until);
        return [.. Enumerable.Range(0, count).Select(_ => Issue(root, from, until))];
    }

    private static string Issue(X509Certificate2 root, DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName($"*.{Zone}");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(root, from, until, RandomNumberGenerator.GetBytes(8));
        return $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n{root.ExportCertificatePem()}\n";
    }
}
