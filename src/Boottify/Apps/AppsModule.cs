namespace Boottify.Apps;

public static class AppsModule
{
    public static IServiceCollection AddApps(this IServiceCollection services) => services
        .AddSingleton<SecretsOfApp>()
        .AddSingleton<AppRemover>()
        .AddHostedService<AppRemovals>();

    public static void MapApps(this IEndpointRouteBuilder api)
    {
        RegisterApp.Map(api);
        GetApps.Map(api);
        GetReleases.Map(api);
        ChangeApp.Map(api);
        EnvironmentVariables.Map(api);
        DeleteApp.Map(api);
    }
}
