namespace Boottify.Webhooks;

public static class WebhooksModule
{
    public static void MapWebhooks(this IEndpointRouteBuilder api)
    {
        DeploymentWebhook.Map(api);
        GitHubWebhook.Map(api);
    }
}
