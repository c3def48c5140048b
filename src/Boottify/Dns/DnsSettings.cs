using System.Net;
using System.Text.RegularExpressions;

namespace Boottify.Dns;

/// <param name="Zone">Lower case, without a trailing dot.</param>
internal sealed partial record DnsSettings(string Zone, IPAddress NameServer, int NameServerPort)
{
    /// <exception cref="ArgumentException">It is no host under the zone.</exception>
    public void RequireOurs(string host)
    {
        if (host.Length > 253 || !HostName().IsMatch(host) || !host.EndsWith($".{Zone}", StringComparison.Ordinal))
            throw new ArgumentException($"'{host}' is no host under {Zone}.", nameof(host));
    }

    /// <exception cref="ArgumentException">There is none, which would take the name away.</exception>
    public static void RequireAny(IReadOnlyCollection<IPAddress> addresses)
    {
        if (addresses.Count == 0)
            throw new ArgumentException("A name cannot be published without an address.", nameof(addresses));
    }

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex HostName();
}
