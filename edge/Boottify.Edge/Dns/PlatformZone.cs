using System.Net;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Dns;

/// <summary>The platform's own zone, and how its records are written: what DNS-01 needs for one wildcard over all apps.</summary>
/// <param name="Key">Of PowerDNS' HTTP interface.</param>
/// <param name="NameServer">That the certificate authority's resolvers end up at.</param>
public sealed record PlatformZone(HostName Domain, Uri PowerDns, string Key, IPEndPoint NameServer)
{
    /// <summary>Null when there is no PowerDNS, or no domain that a certificate authority issues for: then each host gets a certificate of its own.</summary>
    /// <exception cref="InvalidOperationException">Some of the settings are there and others are not, or malformed.</exception>
    public static PlatformZone? Read(Func<string, string?> settings)
    {
        string? May(string name) => settings(name);
        if (May("BOOTTIFY_PDNS_URL") is not { } url) return null;
        string Need(string name) => May(name) ?? throw new InvalidOperationException($"{name} is not set, which BOOTTIFY_PDNS_URL needs. Set it as ops/README.md says, or leave BOOTTIFY_PDNS_URL out.");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var powerDns) || powerDns.Scheme is not ("http" or "https"))
            throw new InvalidOperationException("BOOTTIFY_PDNS_URL is not an http(s) address. Set it to one such as http://127.0.0.1:8081.");
        if (!IPEndPoint.TryParse(Need("BOOTTIFY_DNS"), out var nameServer) || nameServer.Port == 0)
            throw new InvalidOperationException("BOOTTIFY_DNS is not an IP address and a port. Set it to one such as 127.0.0.1:53.");
        return HostName.TryParse(Need("BOOTTIFY_DOMAIN").TrimEnd('.').ToLowerInvariant(), out var domain, out _)
            ? new PlatformZone(domain, powerDns, Need("BOOTTIFY_PDNS_KEY"), nameServer)
            : null;
    }

    /// <summary>Leaves the key out of logs.</summary>
    public override string ToString() => $"{Domain} at {PowerDns}";
}
