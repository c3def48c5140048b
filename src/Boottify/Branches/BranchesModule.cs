namespace Boottify.Branches;

public static class BranchesModule
{
    public static IServiceCollection AddBranches(this IServiceCollection services) => services
        .AddSingleton(provider => LookSchedule.From(provider.GetRequiredService<IConfiguration>()))
        .AddSingleton<BranchHeads>()
        .AddSingleton<BranchReader>()
        .AddSingleton<Arrivals>()
        .AddSingleton<Reconciliation>()
        .AddSingleton<LatePushes>()
        .AddHostedService<BranchWatch>();

    public static void MapBranches(this IEndpointRouteBuilder api) => SyncApp.Map(api);
}
