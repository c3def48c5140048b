using Boottify.Cluster.Rollout;
using k8s;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Boottify.Cluster;

public static class ClusterModule
{
    /// <summary>Registers <see cref="ICluster"/>.</summary>
    /// <exception cref="InvalidOperationException">A setting is missing or malformed; the message names it.</exception>
    public static IServiceCollection AddCluster(this IServiceCollection services, IConfiguration configuration)
    {
        var settings = ClusterSettings.From(configuration);
        services.AddSingleton(settings);
        services.AddSingleton<IKubernetes>(_ => Connect(settings));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ClusterApi>();
        services.AddSingleton<ClusterInspection>();
        services.AddSingleton<RolloutWatch>();
        services.AddSingleton<PodRemoval>();
        services.AddSingleton<NamespaceRemoval>();
        services.AddSingleton<ICluster, KubernetesCluster>();
        return services;
    }

    internal static Kubernetes Connect(ClusterSettings settings)
    {
        var configuration = settings.Kubeconfig is { } path
            ? KubernetesClientConfiguration.BuildConfigFromConfigFile(new FileInfo(path))
            : KubernetesClientConfiguration.InClusterConfig();
        configuration.UserAgent = "boottify";
        configuration.FirstMessageHandlerSetup = handler =>
        {
            if (handler is not SocketsHttpHandler sockets)
                return;
            sockets.ConnectTimeout = TimeSpan.FromSeconds(5);
            // A watch is silent for long; a dead peer must show all the same.
            sockets.KeepAlivePingDelay = TimeSpan.FromSeconds(15);
            sockets.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
        };
        return new Kubernetes(configuration);
    }
}
