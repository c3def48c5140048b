using Boottify.Builds;
using Boottify.Deployments.Queue;
using Boottify.Housekeeping.Kinds;
using Marten;

namespace Boottify.Housekeeping;

public static class HousekeepingModule
{
    public static IServiceCollection AddHousekeeping(this IServiceCollection services) => services
        .AddSingleton(provider => HousekeepingSettings.From(provider.GetRequiredService<IConfiguration>()))
        .AddSingleton<HistoryReader>()
        .AddSingleton<RegistryPlace>()
        .AddSingleton<BuildCache>()
        .AddSingleton<HousekeepingRun>()
        // In this order: visitors leave before what served them goes, and builds before what they made.
        .AddScoped<Keeper, RouteKeeper>()
        .AddScoped<Keeper, DnsKeeper>()
        .AddScoped<Keeper, NamespaceKeeper>()
        .AddScoped<Keeper, DatabaseKeeper>()
        .AddScoped<Keeper, ContainerKeeper>()
        .AddScoped<Keeper, WorkspaceKeeper>()
        .AddScoped<Keeper, ImageKeeper>()
        .AddScoped<Keeper, ManifestKeeper>()
        .AddSingleton(Disks)
        .AddHostedService(provider => provider.GetRequiredService<DiskWatch>())
        .AddSingleton<Housekeeper>()
        .AddHostedService(provider => provider.GetRequiredService<Housekeeper>());

    public static void MapHousekeeping(this IEndpointRouteBuilder api)
    {
        GetHousekeeping.Map(api);
        RunHousekeeping.Map(api);
    }

    private static DiskWatch Disks(IServiceProvider provider) => new(
        provider.GetRequiredService<EngineDisk>(), provider.GetRequiredService<BuildSettings>(), provider.GetRequiredService<HousekeepingSettings>(),
        provider.GetRequiredService<IDocumentStore>(), provider.GetRequiredService<Node>(), provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<ILogger<DiskWatch>>());
}
