using Boottify.Builds;
using Boottify.Routes;

namespace Boottify.Platform;

public static class OutsideWorld
{
    /// <summary>The gateways to everything that is not Boottify.</summary>
    public static IServiceCollection AddOutsideWorld(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<EdgeProbe>();
        services.AddSingleton<IImageBuilder>(_ => throw new InvalidOperationException("none"));
        services.AddSingleton<Cluster.ICluster>(_ => throw new InvalidOperationException("none"));
        services.AddSingleton<Databases.IAppDatabases>(_ => throw new InvalidOperationException("none"));
        services.AddSingleton<Dns.IDnsZone>(_ => throw new InvalidOperationException("none"));
        services.AddSingleton<IEdge>(_ => throw new InvalidOperationException("none"));
        return services;
    }
}
