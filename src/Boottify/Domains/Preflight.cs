using System.Net;
using Boottify.Dns;
using DnsClient;

namespace Boottify.Domains;

/// <summary>Where a name leads.</summary>
/// <param name="Aliases">Targets of the CNAMEs that were followed, in their order.</param>
/// <param name="Addresses">What the last name's servers said of A and AAAA; empty when the way ended before.</param>
/// <param name="LeadsToApp">The platform's own name of the app was reached; what that leads to is the platform's business.</param>
public sealed record Pointing(string Host, IReadOnlyList<string> Aliases, IReadOnlyList<DnsAnswer> Addresses, bool LeadsToApp)
{
    /// <summary>Where visitors, and the certificate authority, will connect to.</summary>
    /// <param name="ours">Addresses of the edges.</param>
    /// <returns>Of the edges' addresses alone, whatever else the zone says: nothing else is ever connected to.</returns>
    public IReadOnlyList<IPAddress> Targets(IReadOnlyCollection<IPAddress> ours) => [.. (LeadsToApp ? ours : Named).Where(ours.Contains).Distinct()];

    /// <summary>What the last name's A and AAAA records hold.</summary>
    public IEnumerable<IPAddress> Named => Addresses.Where(answer => answer.Kind == AnswerKind.Found).SelectMany(answer => answer.Values).Select(IPAddress.Parse);
}

/// <summary>Who may issue certificates for a name: the answer of the closest name at or above it that says anything (RFC 8659).</summary>
public sealed record IssuerPolicy(DnsAnswer? Answer);

/// <summary>Looks up what a certificate authority will look up, at the same servers.</summary>
public sealed class Preflight(ZoneServers servers)
{
    private const int MostAliases = 8;

    /// <param name="appHost">The platform's own name of the app.</param>
    public async Task<Pointing> PointingAsync(string host, string appHost, CancellationToken cancellation)
    {
        var aliases = new List<string>();
        while (true)
        {
            var name = aliases.Count == 0 ? host : aliases[^1];
            if (string.Equals(name, appHost, StringComparison.OrdinalIgnoreCase))
                return new Pointing(host, aliases, [], LeadsToApp: true);
            var a = await servers.AskAsync(name, QueryType.A, cancellation);
            if (a.Kind != AnswerKind.Alias)
                return new Pointing(host, aliases, a.SaysNothing ? [a] : [a, await servers.AskAsync(name, QueryType.AAAA, cancellation)], LeadsToApp: false);
            aliases.Add(a.Values[0]);
            if (aliases.Count > MostAliases)
                return new Pointing(host, aliases, [], LeadsToApp: false);
        }
    }

    public async Task<IssuerPolicy> IssuerPolicyAsync(string host, CancellationToken cancellation)
    {
        for (var name = host; name.Contains('.', StringComparison.Ordinal); name = name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..])
        {
            var answer = await AskAsync(name, QueryType.CAA, cancellation);
            if (!answer.SaysNone && answer.Kind != AnswerKind.Alias)
                return new IssuerPolicy(answer);
        }

        return new IssuerPolicy(Answer: null);
    }

    /// <summary>Follows no alias: whoever gets hold of a target that was left behind, or that a wildcard leads to, would prove names of others.</summary>
    public Task<DnsAnswer> ProofAsync(string name, CancellationToken cancellation) => servers.AskAsync(name, QueryType.TXT, cancellation);

    /// <summary>Follows aliases, as every lookup does.</summary>
    private async Task<DnsAnswer> AskAsync(string name, QueryType type, CancellationToken cancellation)
    {
        var answer = await servers.AskAsync(name, type, cancellation);
        for (var aliases = 0; answer.Kind == AnswerKind.Alias && aliases < MostAliases; aliases++)
            answer = await servers.AskAsync(answer.Values[0], type, cancellation);
        return answer;
    }
}
