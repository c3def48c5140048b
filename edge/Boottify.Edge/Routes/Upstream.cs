using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Boottify.Edge.Routes;

/// <summary>Where nginx sends requests: an IPv4 address and a port, in the one way of writing them that nginx and we agree on.</summary>
public readonly record struct Upstream
{
    private readonly string? _value;

    private Upstream(string value) => _value = value;

    public override string ToString() => _value ?? throw new InvalidOperationException("An Upstream was used that was never parsed.");

    /// <summary>The name of its block in nginx's configuration.</summary>
    public string BlockName => "u_" + ToString().Replace('.', '_').Replace(':', '_');

    public static bool TryParse([NotNullWhen(true)] string? text, out Upstream upstream, [NotNullWhen(false)] out string? problem)
    {
        upstream = default;
        problem = "The upstream is not an IPv4 address and a port. Send one such as 10.96.0.17:3000.";
        var parts = text?.Split(':');
        if (parts is not { Length: 2 }) return false;
        if (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is 0 or > 65535) return false;
        // IPAddress reads "1" and "0x7f.1" too: what it writes must be what was sent.
        if (!IPAddress.TryParse(parts[0], out var address) || address.AddressFamily != AddressFamily.InterNetwork || address.ToString() != parts[0]) return false;

        var first = address.GetAddressBytes()[0];
        if (first is 0 or >= 224 || parts[0].StartsWith("169.254.", StringComparison.Ordinal))
        {
            problem = "The upstream is no address of a single machine that an app may have. Send the Service's ClusterIP.";
            return false;
        }

        upstream = new Upstream($"{address}:{port}");
        problem = null;
        return true;
    }
}
