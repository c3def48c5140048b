using Boottify.Deployments.Queue;

namespace Boottify.Deployments;

public static class DeploymentsModule
{
    public static IServiceCollection AddDeployments(this IServiceCollection services) => services
        .AddSingleton(Node.New())
        .AddSingleton<WorkQueue>()
        .AddTransient<ReleaseRecorder>()
        .AddSingleton<StepJournal>()
        .AddSingleton<StepInputs>()
        .AddSingleton<StepDeadlines>()
        .AddSingleton<DeploymentRunner>()
        .AddSingleton<DeploymentIntake>()
        .AddSingleton<Cancellations>()
        .AddSingleton<DeploymentFeed>()
        .AddHostedService<Dispatcher>();

    public static void MapDeployments(this IEndpointRouteBuilder api)
    {
        DeployApp.Map(api);
        RollBackApp.Map(api);
        CancelDeployment.Map(api);
        GetDeployments.Map(api);
        GetQueue.Map(api);
        StreamDeployment.Map(api);
    }
}
