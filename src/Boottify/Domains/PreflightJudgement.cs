using System.Net;
using Boottify.Dns;
using Boottify.Platform;

namespace Boottify.Domains;

/// <summary>What is wrong, in words that the domain's owner can act on.</summary>
/// <param name="Record">What to set besides the records that every domain needs.</param>
public sealed record Trouble(string Reason, DnsRecord? Record = null);

/// <summary>What the answers of the name servers mean for a domain; pure.</summary>
public static class PreflightJudgement
{
    /// <returns>Null when the proof is there.</returns>
    public static Trouble? OfProof(Domain domain, DnsAnswer answer) => answer.Kind switch
    {
        AnswerKind.Found when answer.Values.Contains(domain.Proof, StringComparer.Ordinal) => null,
        AnswerKind.Alias => new Trouble(
            $"{domain.ProofName} is a CNAME, whose target may be another's, so it is not followed. Set a TXT record {domain.ProofName} itself, instead of the CNAME, to {domain.Proof}."),
        AnswerKind.Found => new Trouble(
            $"{domain.ProofName} has a TXT record, but not with this team's value for this name. Add one more TXT record with {domain.Proof}."),
        AnswerKind.NoName or AnswerKind.NoData => new Trouble(
            $"There is no TXT record {domain.ProofName} yet, which would prove that the name is yours. Set it to {domain.Proof}."),
        _ => Unanswered(answer),
    };

    /// <param name="appHost">The platform's own name of the app: what to point to.</param>
    /// <param name="ours">Addresses of the edges: one of them is enough, as each edge serves all apps.</param>
    /// <returns>Null when every way leads here.</returns>
    public static Trouble? OfPointing(Pointing pointing, string appHost, IReadOnlyCollection<IPAddress> ours)
    {
        var (host, aliases) = (pointing.Host, pointing.Aliases);
        if (pointing.LeadsToApp)
            return null;
        var aim = $"Point {host} here: CNAME to {appHost}, or {RecordsOf(ours)}.";
        if (pointing.Addresses.Count == 0)
            return new Trouble($"{host} leads from one CNAME to the next ({string.Join(" → ", aliases.Take(4))} …) without end. {aim}");
        if (pointing.Addresses.FirstOrDefault(answer => answer.SaysNothing) is { } silent)
            return Unanswered(silent);

        var way = aliases.Count == 0 ? host : $"{host} (CNAME to {string.Join(" → ", aliases)})";
        var addresses = pointing.Named.OrderBy(address => address.ToString(), StringComparer.Ordinal).ToList();
        if (addresses.Count == 0)
        {
            var answer = pointing.Addresses[0];
            return new Trouble((answer.Kind, aliases.Count) switch
            {
                (AnswerKind.NoName, 0) => $"{host} does not exist in DNS (NXDOMAIN, says {answer.Server}). {aim}",
                (AnswerKind.NoName, _) => $"{host} is a CNAME to {aliases[^1]}, which does not exist (NXDOMAIN, says {answer.Server}). {aim}",
                _ => $"{way} exists in DNS but has no address: no A, AAAA or CNAME record. {aim}",
            });
        }

        var foreign = addresses.Where(address => !ours.Contains(address)).ToList();
        if (foreign.Count == 0)
            return null;
        return new Trouble(foreign.Count == addresses.Count
            ? $"{way} leads to {string.Join(", ", foreign)}, which is not this platform. {aim}"
            : $"{way} leads to this platform and also to {string.Join(", ", foreign)}: some visitors, and maybe the certificate authority, would go there. Remove the {Types(foreign)} of {string.Join(", ", foreign)}.");
    }

    /// <param name="issuers">Names of our authority; any one does.</param>
    /// <returns>Null when it may issue.</returns>
    public static Trouble? OfIssuers(string host, IssuerPolicy policy, IReadOnlyList<string> issuers)
    {
        if (policy.Answer is not { } answer || issuers.Count == 0)
            return null;
        if (answer.SaysNothing)
            return Unanswered(answer);
        var properties = answer.Values.Select(value => value.Split(' ', 3)).Where(parts => parts.Length == 3).ToList();
        var allowed = properties.Where(p => p[1].Equals("issue", StringComparison.OrdinalIgnoreCase)).Select(p => p[2].Split(';')[0].Trim()).ToList();
        // Critical, and none that RFC 8659 knows: an authority that does not understand it must not issue.
        var critical = properties.Find(p => int.TryParse(p[0], out var flags) && (flags & 128) != 0 && p[1].ToLowerInvariant() is not ("issue" or "issuewild" or "iodef"));
        if (critical is not null)
            return new Trouble($"The CAA record of {answer.Name} has a critical property '{Word(critical[1])}', for which no authority may issue. Remove it.");
        if (allowed.Count == 0 || allowed.Exists(name => issuers.Contains(name, StringComparer.OrdinalIgnoreCase)))
            return null;
        var named = allowed.Where(name => name.Length > 0).Select(Word).ToList();
        return new Trouble(
            $"The CAA record of {answer.Name} allows {(named.Count == 0 ? "nobody" : string.Join(", ", named))} to issue certificates for {host}, and not {issuers[0]}. Add the CAA record below.",
            new DnsRecord("CAA", answer.Name, $"0 issue \"{issuers[0]}\""));
    }

    public static Trouble TooSlow(string host, TimeSpan patience) => new(
        $"The name servers of {host} did not answer all questions within {patience.TotalSeconds:0} s. Check at your registrar that the domain is delegated to servers that run, and to no other.");

    private static Trouble Unanswered(DnsAnswer answer) => new(answer.Kind switch
    {
        AnswerKind.Silent => $"The name servers of {answer.Name} ({answer.Server}) do not answer. Check at your registrar that the domain is delegated to servers that run.",
        AnswerKind.Refused => $"The name server {answer.Server} refuses to answer for {answer.Name} (REFUSED): it does not have the zone. Create the zone there, or delegate the domain to the servers that have it.",
        _ => $"The name server {answer.Server} fails to answer for {answer.Name} (SERVFAIL). Often its zone is not loaded, or DNSSEC is broken: ask whoever runs it.",
    });

    private static string Types(IEnumerable<IPAddress> addresses) => string.Join(" and ", addresses.Select(a => $"{DnsRecord.TypeOf(a)} record").Distinct(StringComparer.Ordinal));

    private static string RecordsOf(IEnumerable<IPAddress> addresses) => string.Join(", ", addresses.Select(a => $"{DnsRecord.TypeOf(a)} {a}"));

    /// <summary>What somebody else wrote into their zone, fit to be shown.</summary>
    private static string Word(string text) => new([.. text.Take(100).Select(c => c is > ' ' and < (char)127 ? c : '?')]);
}
