using Boottify.Cluster;

namespace Boottify.Deployments;

public static class ProvisionAppHandler
{
    /// <summary>
    /// Server-side apply of everything: a run after a crash finds its own objects and changes only what differs. The database
    /// comes first, since the pods of the new release open it as soon as they are there.
    /// </summary>
    public static async Task<StepFigures> Handle(ProvisionApp command, StepInputs inputs, ICluster cluster, CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        var workload = await inputs.WorkloadAsync(input, cancellation);
        await inputs.EnsureDatabaseAsync(input.App, workload, cancellation);
        var service = await cluster.ApplyAsync(workload, cancellation, inputs.FenceOf(input));
        return new StepFigures { Upstream = service.Upstream };
    }
}
