using Boottify.Cluster;

namespace Boottify.Dns.DynamicUpdate;

/// <summary>The name server that takes dynamic updates of the platform's zone, and the key that both share.</summary>
/// <param name="Host">Address or name.</param>
internal sealed record UpdateSettings(string Host, int Port, TsigKey Key)
{
    public const string ServerName = "BOOTTIFY_DNS_UPDATE_SERVER";
    public const string KeyName = "BOOTTIFY_DNS_UPDATE_KEY_NAME";
    public const string KeySecret = "BOOTTIFY_DNS_UPDATE_KEY";

    /// <returns>Null when no server is named: then the zone is written in another way.</returns>
    /// <exception cref="InvalidOperationException">One of the three is missing or malformed; the message names it, and never quotes the key.</exception>
    public static UpdateSettings? From(RequiredSettings settings)
    {
        // Named in full, so that whoever looks for a setting finds where it is read.
        var server = settings.Optional("BOOTTIFY_DNS_UPDATE_SERVER");
        var name = settings.Optional("BOOTTIFY_DNS_UPDATE_KEY_NAME");
        var secret = settings.Optional("BOOTTIFY_DNS_UPDATE_KEY");
        if (server is null && name is null && secret is null)
            return null;
        if (server is null || name is null || secret is null)
        {
            var missing = server is null ? ServerName : name is null ? KeyName : KeySecret;
            throw new InvalidOperationException($"{missing} is not set. {ServerName}, {KeyName} and {KeySecret} belong together: set all three or none, as ops/README.md says.");
        }

        var (host, port) = RequiredSettings.HostAndPort(ServerName, server);
        try
        {
            return new UpdateSettings(host, port, TsigKey.Of(name, secret));
        }
        catch (FormatException malformed)
        {
            throw new InvalidOperationException($"{KeyName} or {KeySecret} is malformed: {malformed.Message}", malformed);
        }
    }

    /// <summary>Leaves the key's secret out of logs.</summary>
    public override string ToString() => $"{Host}:{Port} with the key {Key.Name}";
}
