using System.Text.Json.Serialization;

namespace Boottify.Contracts.Edge;

/// <summary>
/// What the edge shall serve for one app. The whole wish, not a change: putting it twice is the same as once, and a
/// <see cref="Version"/> older than the one that the edge holds is refused with 409, so that late messages do no harm.
/// </summary>
/// <param name="AppId">The app's id.</param>
/// <param name="Version">Grows with each change of this app's route.</param>
/// <param name="Upstream">Where requests go: <c>IPv4:port</c>, normally the Service's ClusterIP.</param>
/// <param name="Hosts">Lower-case A-labels, without a trailing dot; the first is the platform's own name for the app.</param>
/// <param name="Policy">How nginx treats the app's requests.</param>
/// <param name="Team">Whose app it is: teams take turns for certificates, and each one's apps among themselves. Null for an app by itself.</param>
public sealed record AppRoute(string AppId, long Version, string Upstream, IReadOnlyList<RouteHost> Hosts, RoutePolicy Policy = RoutePolicy.Standard, string? Team = null);

/// <summary>A class of apps that nginx treats alike.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RoutePolicy>))]
public enum RoutePolicy
{
    /// <summary>Bodies of up to 100 MB. Those below 100,000 bytes are taken in whole before the app sees them, so that a slow sender costs the app nothing.</summary>
    [JsonStringEnumMemberName("standard")]
    Standard,

    /// <summary>Bodies of up to 5 GB, passed on as they come in.</summary>
    [JsonStringEnumMemberName("uploads")]
    Uploads,
}

/// <summary>One host name of an app.</summary>
/// <param name="Name">Lower-case A-label form.</param>
/// <param name="RedirectToHttps">Answer plain HTTP with 308 to HTTPS (the challenge location comes first in any case).</param>
/// <param name="Hsts">Tell browsers to use HTTPS alone for a year (RFC 6797). Cannot be taken back from those who heard it.</param>
public sealed record RouteHost(string Name, bool RedirectToHttps = true, bool Hsts = false);

/// <summary>How far the edge has come with an <see cref="AppRoute"/>.</summary>
/// <param name="Version">The version that the running nginx serves; 0 when none yet.</param>
/// <param name="Live">The running nginx was seen to have this version (generation probe).</param>
/// <param name="Upstream">Where requests go, as it was put; null from an edge of before this was told.</param>
public sealed record RouteStatus(string AppId, long Version, bool Live, IReadOnlyList<HostStatus> Hosts, string? Upstream = null);

/// <summary>The certificate of one host.</summary>
/// <param name="Reason">Why it is not active, in words its owner can act on.</param>
/// <param name="NextAttempt">When the edge tries again by itself.</param>
/// <param name="Serial">Upper-case hex, of the certificate that a handshake shows: the wildcard's for a host that it covers.</param>
public sealed record HostStatus(
    string Host, CertificateState Certificate, string? Reason = null, DateTimeOffset? NextAttempt = null, DateTimeOffset? NotAfter = null, string? Serial = null);

/// <summary>Written by name, in lower case, whatever the two sides' own settings are.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CertificateState>))]
public enum CertificateState
{
    [JsonStringEnumMemberName("pending")]
    Pending,

    [JsonStringEnumMemberName("issuing")]
    Issuing,

    [JsonStringEnumMemberName("active")]
    Active,

    [JsonStringEnumMemberName("failed")]
    Failed,
}
