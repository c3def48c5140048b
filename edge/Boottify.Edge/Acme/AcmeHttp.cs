using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Boottify.Edge.Acme;

/// <summary>The HTTP client for an ACME server, whose own TLS is verified against the given roots, or the system's.</summary>
public static class AcmeHttp
{
    private const int LargestAnswer = 1 << 20;

    /// <param name="roots">PEM file, or null for the system's roots.</param>
    public static HttpClient Create(string? roots)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // Orders run side by side; a CA that offers HTTP/1.1 alone gets a few connections, not one for each.
            MaxConnectionsPerServer = 16,
        };
        if (roots is not null) handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Policy(roots) };
        var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30), MaxResponseContentBufferSize = LargestAnswer };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("boottify-edge/1");
        return client;
    }

    private static X509ChainPolicy Policy(string roots)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(roots);
        return policy;
    }
}
