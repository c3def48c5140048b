using System.Globalization;
using System.Net;
using Boottify.Edge.Acme;
using Boottify.Edge.Dns;
using Boottify.Edge.Peers;

namespace Boottify.Edge;

/// <summary>What the edge reads from its environment; the names are explained in <c>ops/README.md</c> and <c>edge/README.md</c>.</summary>
public sealed record EdgeSettings
{
    public required Uri Listen { get; init; }

    public IPEndPoint ListenEndPoint => new(IPAddress.TryParse(Listen.Host, out var address) ? address : IPAddress.Loopback, Listen.Port);

    public required string Token { get; init; }
    public required string Data { get; init; }
    public required string Nginx { get; init; }
    public required string Templates { get; init; }

    /// <summary>The user that nginx's workers run as. Only used when the edge is root.</summary>
    public string NginxUser { get; init; } = "www-data";

    /// <summary>IPv4 and IPv6 addresses that nginx listens on for users' requests.</summary>
    public IReadOnlyList<IPAddress> ListenAddresses { get; init; } = [IPAddress.Loopback];

    /// <summary>
    /// How many requests nginx has under way at once from one address and to one app, at most. An app's take two connections each of the
    /// 8,192 that a worker has. A client's are fewer, so that one alone shuts nobody else out of an app.
    /// </summary>
    public int RequestsPerClient { get; init; } = 1024;

    /// <inheritdoc cref="RequestsPerClient"/>
    public int RequestsPerApp { get; init; } = 2048;

    public required int HttpPort { get; init; }
    public required int HttpsPort { get; init; }

    /// <summary>Where certificates come from, in the order in which they are asked: one, or a second for when the first fails.</summary>
    public required IReadOnlyList<AuthoritySettings> Authorities { get; init; }

    /// <summary>Where a name that has failed is tried before it is tried in earnest again; null for nowhere.</summary>
    public AuthoritySettings? StagingAuthority { get; init; }

    /// <summary>A certificate that has so little left to live, and was not renewed, is told of loudly.</summary>
    public TimeSpan ExpiryAlarm { get; init; } = TimeSpan.FromDays(7);

    /// <summary>File with the domains under which anybody may register one.</summary>
    public string PublicSuffixList { get; init; } = RegisteredDomains.UsualList;

    /// <summary>The platform's own zone, for one wildcard over all apps; null gives each host a certificate of its own.</summary>
    public PlatformZone? Zone { get; init; }

    /// <summary>What this edge shares with others; null when it is the only one.</summary>
    public PeerSettings? Peers { get; init; }

    /// <summary>How many certificates may be under way at once.</summary>
    public int ParallelOrders { get; init; } = 8;

    /// <exception cref="InvalidOperationException">A name is missing or its value makes no sense; the message says which and what to do.</exception>
    public static EdgeSettings Read(IConfiguration environment)
    {
        string Need(string name) => environment[name] is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException($"{name} is not set. See ops/README.md for what it means; ops/up sets it in .boottify/services.env.");
        string? May(string name) => environment[name] is { Length: > 0 } value ? value : null;
        int Port(string name) => int.TryParse(Need(name), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
            ? port
            : throw new InvalidOperationException($"{name} is not a port number. Set it to a number from 1 to 65535.");
        Uri Address(string name) => Uri.TryCreate(Need(name), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new InvalidOperationException($"{name} is not an http(s) address. Set it to one such as http://127.0.0.1:8444.");

        var limits = AuthorityLimits.Parse(May("BOOTTIFY_ACME_LIMITS"));
        var first = new AuthoritySettings("first", Address("BOOTTIFY_ACME_DIRECTORY"), May("BOOTTIFY_ACME_CA"), May("BOOTTIFY_ACME_EAB_KID"), May("BOOTTIFY_ACME_EAB_KEY"),
            May("BOOTTIFY_ACME_CONTACT"), May("BOOTTIFY_ACME_CHAIN"), May("BOOTTIFY_ACME_PROFILE"), limits);
        return new EdgeSettings
        {
            Listen = Address("BOOTTIFY_EDGE_LISTEN"),
            Token = Need("BOOTTIFY_EDGE_TOKEN"),
            Data = Path.GetFullPath(Need("BOOTTIFY_EDGE_DATA")),
            Nginx = Need("BOOTTIFY_NGINX"),
            Templates = Path.GetFullPath(Need("BOOTTIFY_NGINX_TEMPLATES")),
            NginxUser = May("BOOTTIFY_NGINX_USER") ?? "www-data",
            ListenAddresses = Addresses(May("BOOTTIFY_NGINX_ADDRESS") ?? "127.0.0.1"),
            RequestsPerClient = Requests("BOOTTIFY_EDGE_CLIENT_REQUESTS", May("BOOTTIFY_EDGE_CLIENT_REQUESTS") ?? "1024"),
            RequestsPerApp = Requests("BOOTTIFY_EDGE_APP_REQUESTS", May("BOOTTIFY_EDGE_APP_REQUESTS") ?? "2048"),
            HttpPort = Port("BOOTTIFY_HTTP_PORT"),
            HttpsPort = Port("BOOTTIFY_HTTPS_PORT"),
            Authorities = [first, .. AuthoritySettings.Read("second", "BOOTTIFY_ACME_SECOND_", May, limits) is { } second ? [second] : Array.Empty<AuthoritySettings>()],
            StagingAuthority = AuthoritySettings.Read("staging", "BOOTTIFY_ACME_STAGING_", May, limits: null),
            ExpiryAlarm = TimeSpan.FromDays(Days("BOOTTIFY_EXPIRY_ALARM_DAYS", May("BOOTTIFY_EXPIRY_ALARM_DAYS") ?? "7")),
            PublicSuffixList = May("BOOTTIFY_PUBLIC_SUFFIX_LIST") ?? RegisteredDomains.UsualList,
            Zone = PlatformZone.Read(May),
            Peers = PeerSettings.Read(May),
        };
    }

    private static int Days(string name, string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is > 0 and < 400
        ? days
        : throw new InvalidOperationException($"{name} is not a number of days. Set it to one such as 7.");

    private static int Requests(string name, string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 65535
        ? count
        : throw new InvalidOperationException($"{name} is not a number of requests. Set it to one from 1 to 65535, such as 2048.");

    private static List<IPAddress> Addresses(string text) =>
        [.. text.Split([',', ' '], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part =>
            IPAddress.TryParse(part, out var address) && (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork || address.ScopeId == 0)
                ? address
                : throw new InvalidOperationException(
                    "BOOTTIFY_NGINX_ADDRESS is not a list of IPv4 and IPv6 addresses. Set it to one such as 127.0.0.1, or to 0.0.0.0, :: for all of the machine.")).Distinct()];
}
