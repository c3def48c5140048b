using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;
using Boottify.Edge.Peers;

namespace Boottify.Edge.Challenges;

/// <summary>How a name is proved: hosts over HTTP, the platform's wildcard by DNS, which is the only way that CAs take for one.</summary>
/// <param name="dns">Null when there is no zone to write to, and so no wildcard to prove.</param>
/// <param name="shared">Null when this edge is the only one.</param>
public sealed class ChallengeAnswers(Http01Answers http, Dns01Answers? dns = null, SharedChallenges? shared = null)
{
    public static string TypeFor(CertificateName name) => name.Wildcard ? "dns-01" : "http-01";

    /// <summary>Answers from its return on, until the returned object is disposed.</summary>
    /// <exception cref="AcmeException">The answer cannot be given; the message says why.</exception>
    public async Task<IAsyncDisposable> GiveAsync(CertificateName name, string token, AccountKey key, CancellationToken cancellation)
    {
        if (!name.Wildcard)
        {
            var own = http.Give(name.Domain, token, key.KeyAuthorization(token));
            var others = shared is null ? null : await shared.GiveAsync(name.Domain, token, key.KeyAuthorization(token), cancellation);
            return others is null ? own : new Both(own, others);
        }

        return dns is null
            ? throw AcmeException.Ours("A wildcard is proved by DNS, and there is no zone to write to. Set BOOTTIFY_PDNS_URL.")
            : await dns.GiveAsync(name.Domain, key.KeyAuthorization(token), cancellation);
    }

    private sealed class Both(IAsyncDisposable first, IAsyncDisposable second) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await first.DisposeAsync();
            await second.DisposeAsync();
        }
    }
}
