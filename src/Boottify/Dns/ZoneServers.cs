using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;

namespace Boottify.Dns;

/// <summary>
/// Asks the servers that a zone is delegated to, so that no cache on the way delays or hides what an owner has just set. Begins
/// at one server: where that is itself the zone's, or refers further, its word is taken; where it is a resolver, it is asked
/// for the zone's servers alone. Nothing is kept between two questions. All failures are answers.
/// </summary>
/// <param name="authorityPort">At which the zones' servers are asked.</param>
/// <param name="privateServers">Ask also those at addresses that are not on the public internet: whoever has a zone chooses them, and could have the platform's own network asked.</param>
public sealed class ZoneServers(IPEndPoint start, int authorityPort, bool privateServers)
{
    private const int MostReferrals = 12;
    private const int MostServers = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly LookupClient client = new(new LookupClientOptions(new DnsClient.NameServer[] { new(start) })
    {
        UseCache = false,
        ThrowDnsErrors = false,
        Retries = 1,
        Timeout = Patience,
        // Each server is asked by itself here, so that it is known who said what.
        ContinueOnDnsError = false,
        ContinueOnEmptyResponse = false,
    });

    /// <param name="name">A host name, without a trailing dot.</param>
    /// <param name="type">A, AAAA, TXT or CAA.</param>
    public async Task<DnsAnswer> AskAsync(string name, QueryType type, CancellationToken cancellation)
    {
        IReadOnlyList<IPEndPoint> servers = [start];
        var zone = "";
        for (var referrals = 0; referrals < MostReferrals; referrals++)
        {
            var (response, failure) = await AskAnyAsync(servers, name, type, cancellation);
            if (response is null)
                return failure!;
            if (referrals == 0 && response.Header is { HasAuthorityAnswer: false, RecursionAvailable: true })
            {
                (zone, servers) = await ServersOfZoneAsync(name, cancellation);
                if (servers.Count == 0)
                    return Read(response, name, type);
            }
            else if (IsReferral(response))
            {
                // One that leads to where its server has no say, or away from the name, is of a server that does not have the zone.
                if (response.Authorities.NsRecords().Select(ns => Trim(ns.DomainName)).FirstOrDefault(owner => IsWithin(owner, zone) && IsWithin(name, owner)) is not { } below)
                    return new DnsAnswer(AnswerKind.Refused, name, type, Address(response));
                var names = NamesOf(response.Authorities, below);
                (zone, servers) = (below, await ServersOfReferralAsync(response, names, cancellation));
                if (servers.Count == 0)
                    return new DnsAnswer(AnswerKind.Silent, name, type, string.Join(", ", names));
            }
            else
            {
                return Read(response, name, type);
            }
        }

        return new DnsAnswer(AnswerKind.Failing, name, type, string.Join(", ", servers));
    }

    private async Task<(IDnsQueryResponse? Response, DnsAnswer? Failure)> AskAnyAsync(IReadOnlyList<IPEndPoint> servers, string name, QueryType type, CancellationToken cancellation)
    {
        DnsAnswer? failure = null;
        foreach (var server in servers)
        {
            var kind = AnswerKind.Silent;
            if (await AskOneAsync(server, name, type, cancellation) is { } response)
            {
                kind = response.Header.ResponseCode switch
                {
                    DnsHeaderResponseCode.NoError or DnsHeaderResponseCode.NotExistentDomain => AnswerKind.Found,
                    DnsHeaderResponseCode.Refused => AnswerKind.Refused,
                    _ => AnswerKind.Failing,
                };
                if (kind == AnswerKind.Found)
                    return (response, null);
            }

            // A server that answers, if only with a failure, says more than one that does not.
            if (failure is null or { Kind: AnswerKind.Silent })
                failure = new DnsAnswer(kind, name, type, $"{server}");
        }

        return (null, failure);
    }

    private async Task<IDnsQueryResponse?> AskOneAsync(IPEndPoint server, string name, QueryType type, CancellationToken cancellation)
    {
        try
        {
            var options = new DnsQueryOptions
            {
                UseCache = false,
                ThrowDnsErrors = false,
                Retries = 1,
                Timeout = Patience,
                Recursion = server.Equals(start),
                ContinueOnDnsError = false,
                ContinueOnEmptyResponse = false,
            };
            return await client.QueryServerAsync([new DnsClient.NameServer(server)], new DnsQuestion(name, type), options, cancellation);
        }
        catch (Exception e) when (e is DnsResponseException or SocketException or OperationCanceledException)
        {
            // Where we have had enough, it may come as a failure of the server's too.
            cancellation.ThrowIfCancellationRequested();
            return null;
        }
    }

    /// <summary>
    /// Asks the resolver for the closest zone above the name, and for the addresses of its servers. Where a name is an alias, the
    /// answer holds the servers of its target as well: they have no say about the name itself.
    /// </summary>
    private async Task<(string Zone, IReadOnlyList<IPEndPoint> Servers)> ServersOfZoneAsync(string name, CancellationToken cancellation)
    {
        for (var zone = name; zone.Contains('.', StringComparison.Ordinal); zone = zone[(zone.IndexOf('.', StringComparison.Ordinal) + 1)..])
        {
            if (await AskOneAsync(start, zone, QueryType.NS, cancellation) is { } response && NamesOf(response.Answers, zone) is { Count: > 0 } names)
                return (zone, await AddressesAsync(names, cancellation));
        }

        return ("", []);
    }

    private async Task<IReadOnlyList<IPEndPoint>> ServersOfReferralAsync(IDnsQueryResponse referral, IReadOnlyList<string> names, CancellationToken cancellation)
    {
        var glue = referral.Additionals.AddressRecords().Where(a => names.Contains(Trim(a.DomainName), StringComparer.OrdinalIgnoreCase)).Select(a => a.Address).ToList();
        return glue.Count > 0 ? Chosen(glue) : await AddressesAsync(names, cancellation);
    }

    /// <summary>Servers of this very zone, and of none that happens to be told with it.</summary>
    private static List<string> NamesOf(IEnumerable<DnsResourceRecord> records, string zone) =>
        [.. records.NsRecords().Where(ns => string.Equals(Trim(ns.DomainName), zone, StringComparison.OrdinalIgnoreCase)).Select(ns => Trim(ns.NSDName))];

    /// <param name="zone">Empty for the root.</param>
    private static bool IsWithin(string name, string zone) =>
        zone.Length == 0 || string.Equals(name, zone, StringComparison.OrdinalIgnoreCase) || name.EndsWith($".{zone}", StringComparison.OrdinalIgnoreCase);

    private async Task<IReadOnlyList<IPEndPoint>> AddressesAsync(IEnumerable<string> names, CancellationToken cancellation)
    {
        var found = new List<IPAddress>();
        foreach (var name in names.Take(MostServers).TakeWhile(_ => found.Count < MostServers))
        {
            foreach (var type in new[] { QueryType.A, QueryType.AAAA })
            {
                if (await AskOneAsync(start, name, type, cancellation) is { } response)
                    found.AddRange(response.Answers.AddressRecords().Select(a => a.Address));
            }
        }

        return Chosen(found);
    }

    /// <summary>In the same order each time: the same fault is then told in the same words.</summary>
    private IReadOnlyList<IPEndPoint> Chosen(IEnumerable<IPAddress> addresses) =>
    [
        .. addresses.Where(address => privateServers || PublicAddress.Is(address)).Distinct()
            .Select(address => new IPEndPoint(address, authorityPort)).OrderBy(server => $"{server}", StringComparer.Ordinal).Take(MostServers),
    ];

    private static bool IsReferral(IDnsQueryResponse response) =>
        response.Header is { HasAuthorityAnswer: false, ResponseCode: DnsHeaderResponseCode.NoError }
        && response.Answers.Count == 0 && response.Authorities.NsRecords().Any() && !response.Authorities.SoaRecords().Any();

    private static DnsAnswer Read(IDnsQueryResponse response, string name, QueryType type)
    {
        var server = Address(response);
        var own = response.Answers.Where(record => string.Equals(Trim(record.DomainName), name, StringComparison.OrdinalIgnoreCase)).ToList();
        if (own.OfType<CNameRecord>().FirstOrDefault() is { } alias)
            return new DnsAnswer(AnswerKind.Alias, name, type, server, [Trim(alias.CanonicalName).ToLowerInvariant()]);
        var values = own.Select(Value).OfType<string>().ToList();
        return values.Count > 0 ? new DnsAnswer(AnswerKind.Found, name, type, server, values)
            : new DnsAnswer(response.Header.ResponseCode == DnsHeaderResponseCode.NotExistentDomain ? AnswerKind.NoName : AnswerKind.NoData, name, type, server);

        string? Value(DnsResourceRecord record) => record switch
        {
            DnsClient.Protocol.AddressRecord address when type is QueryType.A or QueryType.AAAA => address.Address.ToString(),
            TxtRecord text when type == QueryType.TXT => string.Concat(text.Text),
            CaaRecord caa when type == QueryType.CAA => string.Create(CultureInfo.InvariantCulture, $"{caa.Flags} {caa.Tag} {caa.Value}"),
            _ => null,
        };
    }

    private static string Address(IDnsQueryResponse response) => $"{response.NameServer.Address}:{response.NameServer.Port}";

    private static string Trim(DnsString name) => name.Value.TrimEnd('.');
}
