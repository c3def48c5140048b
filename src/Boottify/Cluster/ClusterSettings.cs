using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Boottify.Contracts.Databases;

namespace Boottify.Cluster;

/// <param name="Kubeconfig">Path; null inside a cluster, where the pod's own account is used.</param>
/// <param name="Instance">Marks this platform's namespaces: one that another platform made is never touched.</param>
/// <param name="DatabaseHost">Where pods reach the apps' database server, <c>host:port</c>.</param>
/// <param name="EdgeAddresses">Where requests to the apps come in, and where apps reach each other by public name.</param>
public sealed record ClusterSettings(string? Kubeconfig, string Instance, string DatabaseHost, IReadOnlyList<IPAddress> EdgeAddresses)
{
    /// <exception cref="InvalidOperationException">A setting is missing; the message names it.</exception>
    public static ClusterSettings From(IConfiguration configuration)
    {
        var settings = new RequiredSettings(configuration);
        var inside = settings.Optional("KUBERNETES_SERVICE_HOST") is not null;
        var kubeconfig = inside ? settings.Optional("KUBECONFIG") : settings.Read("KUBECONFIG", "path of the cluster's kubeconfig file");
        var domain = settings.Read("BOOTTIFY_DOMAIN", "zone under which apps get their host");
        var databaseUrl = settings.Read("DATABASE_URL", "the control plane's database");
        var databaseHost = settings.Read("BOOTTIFY_APP_DATABASE_HOST", "host:port at which pods reach the apps' database server");
        var edge = settings.Read("BOOTTIFY_EDGE_ADDRESS", "addresses that apps' A and AAAA records point to");
        settings.ThrowIfMissing();
        if (kubeconfig is not null && !File.Exists(kubeconfig))
            throw new InvalidOperationException($"KUBECONFIG names '{kubeconfig}', which is no file.");
        return new(kubeconfig, settings.Optional("BOOTTIFY_INSTANCE") ?? InstanceOf(domain, databaseUrl), databaseHost, Platform.EdgeAddresses.Parse(edge));
    }

    /// <summary>This platform's mark on what it shares with others; the same as <see cref="Instance"/>.</summary>
    /// <exception cref="InvalidOperationException">A setting is missing; the message names it.</exception>
    public static string InstanceFrom(IConfiguration configuration)
    {
        var settings = new RequiredSettings(configuration);
        if (settings.Optional("BOOTTIFY_INSTANCE") is { } named)
            return named;
        var domain = settings.Read("BOOTTIFY_DOMAIN", "zone under which apps get their host");
        var databaseUrl = settings.Read("DATABASE_URL", "the control plane's database");
        settings.ThrowIfMissing();
        return InstanceOf(domain, databaseUrl);
    }

    /// <summary>
    /// Two platforms may share a cluster, never a database: what tells databases apart tells platforms apart, and stays the
    /// same over restarts and changes of password.
    /// </summary>
    internal static string InstanceOf(string domain, string databaseUrl)
    {
        var database = PostgresUrl.Parse(databaseUrl);
        var identity = string.Create(CultureInfo.InvariantCulture, $"{domain}\n{database.Host}\n{database.Port}\n{database.Database}");
        return "b" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)))[..12];
    }
}
