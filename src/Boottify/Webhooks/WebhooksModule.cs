namespace Boottify.Webhooks;

public static class WebhooksModule
{
    public static IServiceCollection AddWebhooks(this IServiceCollection services) => services.AddSingleton<WebhookTurns>().AddSingleton<LargeBodyTurns>();

    public static void MapWebhooks(this IEndpointRouteBuilder api)
    {
        DeploymentWebhook.Map(api);
        GitHubWebhook.Map(api);
    }
}
