using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Dns;
using Boottify.Logs;
using Boottify.Platform;
using Boottify.Routes;

namespace Boottify.Deployments;

public static class RestoreReleaseHandler
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>
    /// What was live before is live after it. Where this deployment had not touched the cluster yet there is nothing to put
    /// back, and no release is named as restored.
    /// </summary>
    public static async Task<StepFigures> Handle(
        RestoreRelease command, StepInputs inputs, IImageBuilder builder, ICluster cluster, IEdge edge, IDnsZone zone, PlatformSettings settings,
        CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        int? restored = null;
        if (input.Current.CurrentRelease is null && input.Deployment.Steps.Exists(s => s.Step == Step.Publish))
            await WithdrawAsync(input, edge, zone, settings, cancellation);
        if (input.Deployment.Steps.Exists(s => s.Step == Step.Provision))
            restored = await PutBackAsync(input, inputs, cluster, cancellation);

        if (input.Deployment.ToRelease is null)
        {
            var digest = input.Deployment.Figures.ImageDigest;
            var kept = input.Current.Releases.Exists(r => string.Equals(r.ImageDigest, digest, StringComparison.Ordinal));
            await builder.CleanUpAsync(input.Deployment.Id, await inputs.BuildAsync(input, cancellation), removeImage: !kept, cancellation);
            if (digest is not null && !kept)
                await builder.DeleteImageAsync(input.App.Names.ImageRepository, digest, cancellation);
        }

        return new StepFigures { RestoredRelease = restored };
    }

    /// <summary>Before the Service goes: its address may be another app's next, and no name of ours may lead there.</summary>
    private static async Task WithdrawAsync(StepInput input, IEdge edge, IDnsZone zone, PlatformSettings settings, CancellationToken cancellation)
    {
        await edge.DeleteRouteAsync(input.App.Id, RouteVersion.Of(input.Deployment), cancellation);
        await zone.WithdrawAsync(input.App.Names.Host(settings.Domain), cancellation);
    }

    private static async Task<int?> PutBackAsync(StepInput input, StepInputs inputs, ICluster cluster, CancellationToken cancellation)
    {
        if (input.Current.CurrentRelease is not { } release)
        {
            await input.Log.WriteAsync(LogOrigin.System, "There is no earlier release to put back; removing what was started.", cancellation);
            await cluster.RemoveWorkloadAsync(input.App.Names.Namespace, cancellation);
            return null;
        }

        await input.Log.WriteAsync(LogOrigin.System, $"Putting release {release.Number} back (commit {release.Commit[..Math.Min(12, release.Commit.Length)]}).", cancellation);
        var workload = await inputs.WorkloadAsync(input, release, cancellation);
        await cluster.ApplyAsync(workload, cancellation);
        await cluster.WatchRolloutAsync(workload, Patience, input.Log, cancellation);
        await input.Log.WriteAsync(LogOrigin.System, $"Release {release.Number} serves.", cancellation);
        return release.Number;
    }
}
