using System.Net;
using Boottify.Cluster;

namespace Boottify.Platform;

/// <summary>What the control plane itself has to know, from the environment names in <c>ops/README.md</c>.</summary>
/// <param name="Url">The control plane as its users reach it.</param>
/// <param name="DatabaseUrl">Its own database, <c>postgres://…</c>.</param>
/// <param name="Domain">Zone under which apps get their hosts.</param>
/// <param name="EdgeAddresses">The addresses that apps' A and AAAA records point to, at which visitors reach the edges; one at least.</param>
/// <param name="BootstrapToken">The first administrator's token; null once another one exists.</param>
/// <param name="MasterKeyFile">Holds the key that wraps the teams' keys.</param>
/// <param name="BuildsPerNode">How many deployments this node builds at once.</param>
public sealed record PlatformSettings(
    Uri Url,
    string DatabaseUrl,
    string Domain,
    IReadOnlyList<IPAddress> EdgeAddresses,
    int HttpPort,
    int HttpsPort,
    string? BootstrapToken,
    string MasterKeyFile,
    RegistryAccess Registry,
    int BuildsPerNode)
{
    /// <exception cref="InvalidOperationException">Names every setting that is missing.</exception>
    public static PlatformSettings From(IConfiguration configuration)
    {
        var missing = new List<string>();
        var settings = new PlatformSettings(
            new Uri(Required("BOOTTIFY_URL", "http://localhost")),
            Required("DATABASE_URL"),
            Required("BOOTTIFY_DOMAIN"),
            Platform.EdgeAddresses.Parse(configuration["BOOTTIFY_EDGE_ADDRESS"] ?? "127.0.0.1"),
            configuration.GetValue("BOOTTIFY_HTTP_PORT", 80),
            configuration.GetValue("BOOTTIFY_HTTPS_PORT", 443),
            configuration["BOOTTIFY_TOKEN"],
            Required("BOOTTIFY_MASTER_KEY_FILE"),
            new RegistryAccess(
                Required("BOOTTIFY_REGISTRY"), Required("BOOTTIFY_REGISTRY_USER"), Required("BOOTTIFY_REGISTRY_PASSWORD")),
            configuration.GetValue("BOOTTIFY_BUILDS_PER_NODE", Math.Max(1, Environment.ProcessorCount)));

        return missing.Count == 0
            ? settings
            : throw new InvalidOperationException(
                $"Set {string.Join(", ", missing)} in the environment; ops/README.md tells what each one holds, and ops/up writes them all.");

        string Required(string name, string otherwise = "")
        {
            if (configuration[name] is { Length: > 0 } value)
                return value;
            missing.Add(name);
            return otherwise;
        }
    }

    /// <summary>Whether a name is in our zone; others are their owners' to point here or away.</summary>
    public bool IsOurs(string host) => host.EndsWith($".{Domain}", StringComparison.Ordinal);

    /// <summary>The link under which an app answers.</summary>
    public Uri AppUrl(string host) => new($"https://{host}{(HttpsPort == 443 ? "" : $":{HttpsPort}")}/");
}
