using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Databases;
using Boottify.Dns;
using Boottify.Routes;

namespace Boottify.Platform;

public static class OutsideWorld
{
    /// <summary>The gateways to everything that is not Boottify.</summary>
    public static IServiceCollection AddOutsideWorld(this IServiceCollection services, IConfiguration configuration) => services
        .AddBuilds(configuration)
        .AddCluster(configuration)
        .AddAppDatabases(configuration)
        .AddDnsZone(configuration)
        .AddEdge(configuration)
        .AddTransient<EdgeProbe>()
        .AddTransient<AppRoutes>();
}
