using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Boottify.Edge.Acme;

namespace Boottify.Edge.Certificates;

/// <summary>A certificate that was looked at and found to be good for its host.</summary>
/// <param name="Serial">Upper-case hex.</param>
/// <param name="RenewalId">Its name in renewal information (RFC 9773, 4.1); null when it does not say who issued it.</param>
/// <param name="Authority">Directory of the CA that it came from; null when that is not known, and then it counts as the first one's.</param>
public sealed record PublishedCertificate(string Serial, DateTimeOffset NotBefore, DateTimeOffset NotAfter, string? RenewalId = null, string? Authority = null)
{
    private static readonly TimeSpan s_clocksMayDiffer = TimeSpan.FromHours(1);

    public bool IsValidAt(DateTimeOffset now) => now < NotAfter;

    /// <summary>
    /// Looks whether key, name, dates and chain fit. What comes back is safe to publish: key first, then leaf and
    /// chain, each written anew, so that no other byte of the CA's answer reaches a file.
    /// </summary>
    /// <param name="chainToo">False for what was published before: ten thousand chains take long to verify again at a start.</param>
    /// <exception cref="AcmeException">They do not fit; the problem says what.</exception>
    public static (PublishedCertificate Certificate, string Pem) Check(IssuedCertificate issued, CertificateName name, DateTimeOffset now, bool chainToo = true)
    {
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(issued.Chain);
            if (chain.Count == 0) throw AcmeException.Because("The certificate chain is empty.");
            var leaf = chain[0];
            using var key = ECDsa.Create();
            key.ImportFromPem(issued.Key);
            using var certified = leaf.GetECDsaPublicKey();
            if (certified is null || !certified.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
                throw AcmeException.Because("The certificate is for another key than the one that was made for it.");
            if (!IsFor(leaf, name))
                throw AcmeException.Because("The certificate is not for this name.");

            var certificate = new PublishedCertificate(leaf.SerialNumber, new DateTimeOffset(leaf.NotBefore), new DateTimeOffset(leaf.NotAfter), RenewalIdOf(leaf));
            if (certificate.NotBefore > now + s_clocksMayDiffer) throw AcmeException.Because($"The certificate is valid only from {certificate.NotBefore:u}. Check this machine's clock.");
            if (!certificate.IsValidAt(now)) throw AcmeException.Because($"The certificate expired at {certificate.NotAfter:u}.");
            if (chainToo) RefuseBrokenChain(chain);

            var pem = new StringBuilder().AppendLine(key.ExportPkcs8PrivateKeyPem());
            foreach (var link in chain) pem.AppendLine(link.ExportCertificatePem());
            return (certificate, pem.ToString());
        }
        catch (CryptographicException e)
        {
            throw AcmeException.Because($"The certificate cannot be read: {e.Message}", e);
        }
        finally
        {
            foreach (var link in chain) link.Dispose();
        }
    }

    private static bool IsFor(X509Certificate2 leaf, CertificateName name) => name.Wildcard
        ? leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Any(names => names.EnumerateDnsNames().Contains(name.ToString(), StringComparer.OrdinalIgnoreCase))
        : leaf.MatchesHostname(name.ToString(), allowWildcards: true, allowCommonName: false);

    private static string? RenewalIdOf(X509Certificate2 leaf)
    {
        if (leaf.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier is not { } issuer) return null;
        var serial = leaf.SerialNumberBytes.Span;
        // As DER writes a positive number: with a zero before a first bit that is set.
        byte[] number = serial[0] >= 0x80 ? [0, .. serial] : [.. serial];
        return $"{Base64Url.EncodeToString(issuer.Span)}.{Base64Url.EncodeToString(number)}";
    }

    /// <summary>Each certificate must be signed by the next; who signed the last is for browsers to trust or not.</summary>
    private static void RefuseBrokenChain(X509Certificate2Collection links)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.ExtraStore.AddRange(links);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        chain.Build(links[0]);
        var sent = links.Select(link => link.Thumbprint).ToHashSet(StringComparer.Ordinal);
        var reached = chain.ChainElements.Select(element => element.Certificate.Thumbprint).ToHashSet(StringComparer.Ordinal);
        if (!sent.IsSubsetOf(reached)) throw AcmeException.Because("The certificate's chain does not lead from one to the next.");
        var broken = chain.ChainStatus.FirstOrDefault(status =>
            status.Status is not (X509ChainStatusFlags.NoError or X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain));
        if (broken.Status != X509ChainStatusFlags.NoError)
            throw AcmeException.Because($"The certificate's chain is broken: {broken.StatusInformation.Trim()}");
    }
}
