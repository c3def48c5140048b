using Boottify.Platform;
using Docker.DotNet;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Boottify.Builds;

public static class BuildsModule
{
    /// <summary>Registers <see cref="IImageBuilder"/>, with settings from the environment names in ops/README.md.</summary>
    /// <exception cref="InvalidOperationException">Settings are missing or malformed; the message names each.</exception>
    public static IServiceCollection AddBuilds(this IServiceCollection services, IConfiguration configuration)
    {
        var settings = BuildSettings.From(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton(_ => new DockerClientBuilder().WithEndpoint(settings.DockerHost).Build());
        services.AddHttpClient(RegistryClient.Name, http => RegistryClient.Configure(http, settings))
            .AddBoundedRetries(attempt: TimeSpan.FromSeconds(10), total: TimeSpan.FromSeconds(30));
        services.AddSingleton<Git>();
        services.TryAddSingleton<HostLookup>(_ => System.Net.Dns.GetHostAddressesAsync);
        services.AddSingleton<GitServers>();
        services.AddSingleton<GitRemote>();
        services.AddSingleton<WorkspaceRoot>();
        services.AddSingleton<Workspaces>();
        services.AddSingleton<Engine>();
        services.AddSingleton<BuildContainers>();
        services.AddSingleton<CacheUses>();
        services.AddSingleton<LayerImages>();
        services.AddSingleton<LocalImages>();
        services.AddSingleton<EngineDisk>();
        services.AddSingleton<DockerBuild>();
        services.AddSingleton<ImagePush>();
        services.AddSingleton<ImageDiscard>();
        services.AddSingleton<IImageBuilder, ImageBuilder>();
        return services;
    }
}
