using System.Net;
using System.Net.Sockets;
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

    /// <exception cref="ArgumentException">It is no IPv4 address.</exception>
    public static IPAddress RequireAddress(string address) =>
        IPAddress.TryParse(address, out var ip) && ip.AddressFamily == AddressFamily.InterNetwork
            ? ip
            : throw new ArgumentException($"'{address}' is no IPv4 address.", nameof(address));

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex HostName();
}
