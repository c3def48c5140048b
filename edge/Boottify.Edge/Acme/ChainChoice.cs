using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Boottify.Edge.Acme;

/// <summary>Downloads a certificate with the chain that is preferred among those that the CA offers (RFC 8555, 7.4.2).</summary>
public static partial class ChainChoice
{
    [GeneratedRegex("""<(?<url>[^>]+)>\s*;[^,<]*\brel="?alternate"?""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Alternate { get; }

    /// <param name="preferred">Common name of the issuer at the chain's top; null, or one that no chain has: the CA's own choice.</param>
    /// <returns>PEM, leaf first.</returns>
    public static async Task<string> DownloadAsync(AcmeAccount account, Uri certificate, string? preferred, CancellationToken cancellation)
    {
        var (chain, links) = await GetAsync(account, certificate, cancellation);
        if (preferred is null || TopIssuerOf(chain) == preferred) return chain;
        foreach (var url in AlternatesIn(links, certificate))
            if (await GetAsync(account, url, cancellation) is var (other, _) && TopIssuerOf(other) == preferred) return other;
        return chain;
    }

    public static IEnumerable<Uri> AlternatesIn(IEnumerable<string> links, Uri source) =>
        links.SelectMany(link => Alternate.Matches(link)).Select(match => Uri.TryCreate(source, match.Groups["url"].Value, out var url) ? url : null).OfType<Uri>();

    private static async Task<(string Chain, IReadOnlyList<string> Links)> GetAsync(AcmeAccount account, Uri url, CancellationToken cancellation)
    {
        var answer = await account.PostAsync(url, "", cancellation, "application/pem-certificate-chain");
        return (Encoding.ASCII.GetString(answer.Body), answer.Links);
    }

    private static string? TopIssuerOf(string chain)
    {
        var links = new X509Certificate2Collection();
        try
        {
            links.ImportFromPem(chain);
            return links.LastOrDefault()?.GetNameInfo(X509NameType.SimpleName, forIssuer: true);
        }
        catch (CryptographicException)
        {
            return null; // Whether it can be used at all is looked at by whoever publishes it.
        }
        finally
        {
            foreach (var link in links) link.Dispose();
        }
    }
}
