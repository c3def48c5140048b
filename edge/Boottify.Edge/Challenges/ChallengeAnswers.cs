using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;

namespace Boottify.Edge.Challenges;

/// <summary>How a name is proved: hosts over HTTP, the platform's wildcard by DNS, which is the only way that CAs take for one.</summary>
/// <param name="dns">Null when there is no zone to write to, and so no wildcard to prove.</param>
public sealed class ChallengeAnswers(Http01Answers http, Dns01Answers? dns = null)
{
    public static string TypeFor(CertificateName name) => name.Wildcard ? "dns-01" : "http-01";

    /// <summary>Answers from its return on, until the returned object is disposed.</summary>
    /// <exception cref="AcmeException">The answer cannot be given; the message says why.</exception>
    public async Task<IAsyncDisposable> GiveAsync(CertificateName name, string token, AccountKey key, CancellationToken cancellation)
    {
        if (!name.Wildcard) return http.Give(name.Domain, token, key.KeyAuthorization(token));
        return dns is null
            ? throw AcmeException.Ours("A wildcard is proved by DNS, and there is no zone to write to. Set BOOTTIFY_PDNS_URL.")
            : await dns.GiveAsync(name.Domain, key.KeyAuthorization(token), cancellation);
    }
}
