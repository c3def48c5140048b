using Boottify.Cluster;
using Boottify.Databases;
using Boottify.Dns;
using Boottify.Routes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Cluster;

/// <summary>The settings of the components that `ops/up` started, under an instance of the tests' own.</summary>
public static class RealPlatform
{
    public static IConfiguration Configuration { get; } = new ConfigurationBuilder()
        .AddEnvironmentVariables()
        .AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal) { ["BOOTTIFY_INSTANCE"] = $"test-{Guid.NewGuid():N}"[..20] })
        .Build();

    /// <summary>Fails, and never skips, when the components are not there.</summary>
    public static string Setting(string name) =>
        Configuration[name] is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException($"{name} is not set. These tests need the real components: run `ops/up`, then `set -a; . .boottify/services.env; . .boottify/platform.env; set +a`.");

    public static ServiceProvider Services()
    {
        Setting("KUBECONFIG");
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddCluster(Configuration).AddAppDatabases(Configuration).AddDnsZone(Configuration).AddEdge(Configuration);
        return services.BuildServiceProvider();
    }
}
