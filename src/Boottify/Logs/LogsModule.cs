namespace Boottify.Logs;

public static class LogsModule
{
    public static IServiceCollection AddLogs(this IServiceCollection services) =>
        services.AddSingleton<DeploymentLogs>().AddSingleton<LogReader>();

    public static void MapLogs(this IEndpointRouteBuilder api) => GetLogs.Map(api);
}
