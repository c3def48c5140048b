using Boottify.Cluster;

namespace Boottify.Deployments;

public static class CheckRolloutHandler
{
    /// <summary>How long the new pods have to get ready.</summary>
    public const int DefaultSeconds = 90;

    public static TimeSpan PatienceFrom(IConfiguration configuration) => TimeSpan.FromSeconds(configuration.GetValue("BOOTTIFY_ROLLOUT_SECONDS", DefaultSeconds));

    public static async Task<StepFigures> Handle(
        CheckRollout command, StepInputs inputs, ICluster cluster, IConfiguration configuration, CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        await cluster.WatchRolloutAsync(await inputs.WorkloadAsync(input, cancellation), PatienceFrom(configuration), input.Log, cancellation);
        return new StepFigures();
    }
}
