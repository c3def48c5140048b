using System.Net;

namespace Boottify.Domains;

/// <summary>What ops/README.md lists under custom domains.</summary>
/// <param name="MostPerApp">Domains of one app.</param>
/// <param name="CheckEvery">Time between two looks at one that serves.</param>
/// <param name="LookLimit">How long the name servers may keep a look waiting.</param>
/// <param name="Grace">How long a proof may be gone before its domain loses the route.</param>
/// <param name="Issuers">Names by which a CAA record may allow our certificate authority.</param>
/// <param name="Resolver">Where looking a zone's own servers up begins.</param>
/// <param name="AuthorityPort">Port at which the zones' own servers are asked; 53 but in tests.</param>
/// <param name="PrivateServers">Ask also servers at addresses that are not public.</param>
/// <param name="SelfCheckPort">Port at which a name's addresses are asked whether they lead here; 0 for not asking.</param>
public sealed record DomainSettings(
    int MostPerApp, TimeSpan CheckEvery, TimeSpan LookLimit, TimeSpan Grace, IReadOnlyList<string> Issuers, IPEndPoint Resolver, int AuthorityPort, bool PrivateServers, int SelfCheckPort)
{
    private const int DnsPort = 53;
    private const int HttpPort = 80;

    /// <exception cref="InvalidOperationException">A setting is missing or out of its range; the message names it.</exception>
    public static DomainSettings From(IConfiguration configuration)
    {
        var resolver = configuration["BOOTTIFY_RESOLVER"] is { Length: > 0 } own ? own : configuration["BOOTTIFY_DNS"];
        return new DomainSettings(
            Number("BOOTTIFY_DOMAINS_PER_APP", 50, 1, 900),
            TimeSpan.FromSeconds(Number("BOOTTIFY_DOMAIN_CHECK_SECONDS", 6 * 3600, 1, 7 * 86_400)),
            TimeSpan.FromSeconds(Number("BOOTTIFY_DOMAIN_LOOK_SECONDS", 30, 1, 45)),
            TimeSpan.FromSeconds(Number("BOOTTIFY_DOMAIN_GRACE_SECONDS", 3 * 86_400, 0, 90 * 86_400)),
            [.. (configuration["BOOTTIFY_CAA_ISSUERS"] ?? "letsencrypt.org").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)],
            IPEndPoint.TryParse(resolver ?? "", out var server)
                ? new IPEndPoint(server.Address, server.Port == 0 ? DnsPort : server.Port)
                : throw new InvalidOperationException($"BOOTTIFY_RESOLVER (or BOOTTIFY_DNS) is '{resolver}', expected an IP address and a port."),
            Number("BOOTTIFY_AUTHORITY_PORT", DnsPort, 1, 65_535),
            Number("BOOTTIFY_DNS_PRIVATE_SERVERS", 0, 0, 1) == 1,
            Number("BOOTTIFY_SELF_CHECK_PORT", HttpPort, 0, 65_535));

        int Number(string name, int otherwise, int least, int most) =>
            configuration.GetValue(name, otherwise) is var number && number >= least && number <= most
                ? number
                : throw new InvalidOperationException($"{name} is {number}: it is to be from {least} to {most}.");
    }
}
