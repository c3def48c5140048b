using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Boottify.Builds;

/// <summary>
/// The Git servers at addresses that are not public which an operator lets tenants fetch from: addresses and host names, each
/// with a port or for all ports, and networks.
/// </summary>
public sealed partial class PrivateGitServers
{
    /// <summary>What one may be, for messages.</summary>
    public const string Form = "networks, addresses and hosts with commas between, such as 10.20.0.0/16, 127.0.0.1:8418, git.internal";

    private readonly List<IPNetwork> _networks = [];
    private readonly List<(string Host, int? Port)> _hosts = [];

    private PrivateGitServers()
    {
    }

    public static PrivateGitServers None { get; } = new();

    public static bool TryParse(string text, [NotNullWhen(true)] out PrivateGitServers? servers)
    {
        servers = new PrivateGitServers();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!servers.TryAdd(part))
            {
                servers = null;
                return false;
            }
        }

        return true;
    }

    /// <param name="host">Lower case, without a trailing dot.</param>
    /// <returns>Whether the host is named, wherever it leads.</returns>
    public bool Names(string host, int port) => _hosts.Exists(named => named.Host == host && (named.Port is null || named.Port == port));

    public bool Names(IPAddress address, int port) =>
        Names($"{Plain(address)}", port) || _networks.Exists(network => network.Contains(Plain(address)));

    private bool TryAdd(string text)
    {
        if (IPNetwork.TryParse(text, out var network))
        {
            _networks.Add(network);
            return true;
        }

        // An IPv6 address has colons of its own, and needs its brackets only for a port.
        if (IPAddress.TryParse(text.Trim('[', ']'), out var alone) && !HostAndPort().IsMatch(text))
        {
            _hosts.Add(($"{Plain(alone)}", null));
            return true;
        }

        if (HostAndPort().Match(text) is not { Success: true } match)
            return false;
        int? port = match.Groups["port"].Success ? int.Parse(match.Groups["port"].Value, NumberStyles.None, CultureInfo.InvariantCulture) : null;
        if (port is 0 or > 65_535)
            return false;
        var host = match.Groups["host"].Value;
        if (!IPAddress.TryParse(host.Trim('[', ']'), out var address))
            _hosts.Add((host.TrimEnd('.').ToLowerInvariant(), port));
        // "10.1" is read as 10.0.0.1: nobody means that.
        else if (host.StartsWith('[') || $"{address}" == host)
            _hosts.Add(($"{Plain(address)}", port));
        else
            return false;
        return true;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    [GeneratedRegex(@"^(?<host>[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?|\[[0-9A-Fa-f:.]+\])(:(?<port>[0-9]{1,5}))?$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex HostAndPort();
}
