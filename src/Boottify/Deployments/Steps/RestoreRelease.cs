using Boottify.Apps;
using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Domains;
using Boottify.Housekeeping;
using Boottify.Logs;
using Boottify.Platform;
using Boottify.Routes;
using Marten;

namespace Boottify.Deployments;

public static class RestoreReleaseHandler
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>
    /// What was live before is live after it, and was seen to be; of this deployment nothing is left. Where it had not touched
    /// the cluster yet there is nothing to put back, and no release is named as restored. Each part may be repeated: a run after
    /// a crash finds what the first one left to do.
    /// </summary>
    public static async Task<StepFigures> Handle(
        RestoreRelease command, StepInputs inputs, IImageBuilder builder, ICluster cluster, AppRoutes routes, AppDomains domains,
        PlatformSettings settings, HousekeepingSettings housekeeping, IDocumentStore store, TimeProvider time, CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        int? restored = null;
        // Of an app that is being deleted nothing is put back, lest a release that does not get ready hold its deletion up; what
        // runs, and the images that it holds, go with the app.
        var leaving = input.Current.DeletionRequestedAt is not null;
        if (!leaving && Did(input, Step.Provision))
        {
            restored = input.Current.CurrentRelease is { } release
                ? await PutBackAsync(input, release, inputs, cluster, routes, domains, cancellation)
                : await RemoveAsync(input, inputs, cluster, routes, settings, cancellation);
        }

        if (leaving)
        {
            await builder.CleanUpAsync(input.Deployment.Id, cancellation);
        }
        else if (input.Deployment.ToRelease is null)
        {
            var (request, kept) = (await inputs.BuildAsync(input, cancellation), await KeptAsync(input.Deployment, store, housekeeping, time, cancellation));
            // A later deployment of the same commit may have the same digest.
            await inputs.FenceOf(input)(cancellation);
            await builder.DiscardAsync(request, kept, cancellation);
        }

        return new StepFigures { RestoredRelease = restored };
    }

    /// <summary>A build that came out as an earlier one did shares its digest, so nothing goes that anybody else may still want to run.</summary>
    private static async Task<IReadOnlyCollection<string>> KeptAsync(
        Deployment failed, IDocumentStore store, HousekeepingSettings settings, TimeProvider time, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var app = await session.LoadAsync<App>(failed.AppId, cancellation) ?? throw new InvalidOperationException($"App {failed.AppId} vanished.");
        var others = await session.Query<Deployment>().Where(d => d.AppId == failed.AppId && d.FinishedAt == null && d.Id != failed.Id).ToListAsync(cancellation);
        return [.. PinnedImages.Of(app, others, time.GetUtcNow(), settings.Grace)];
    }

    private static bool Did(StepInput input, Step step) => input.Deployment.Steps.Exists(s => s.Step == step);

    /// <summary>The route goes before the Service: its address may be another app's next, and no name of ours may lead there.</summary>
    private static async Task<int?> RemoveAsync(
        StepInput input, StepInputs inputs, ICluster cluster, AppRoutes routes, PlatformSettings settings, CancellationToken cancellation)
    {
        await input.Log.WriteAsync(LogOrigin.System, "There is no earlier release to put back; removing what was started.", cancellation);
        if (Did(input, Step.Publish))
            await routes.WithdrawAsync(input.App.Id, RouteVersion.Of(input.Deployment), input.App.Hosts(settings), cancellation);
        await cluster.RemoveWorkloadAsync(input.App.Names.Namespace, cancellation, inputs.FenceOf(input));
        return null;
    }

    private static async Task<int?> PutBackAsync(
        StepInput input, Release release, StepInputs inputs, ICluster cluster, AppRoutes routes, AppDomains domains, CancellationToken cancellation)
    {
        await input.Log.WriteAsync(LogOrigin.System, $"Putting release {release.Number} back (commit {release.Commit[..Math.Min(12, release.Commit.Length)]}).", cancellation);
        var workload = await inputs.WorkloadAsync(input, release, cancellation);
        await inputs.EnsureDatabaseAsync(input.Current, workload, cancellation);
        var service = await cluster.ApplyAsync(workload, cancellation, inputs.FenceOf(input));
        await cluster.WatchRolloutAsync(workload, Patience, input.Log, cancellation);

        // The route was changed by publish alone; under this deployment's version, so that a late publish of it changes nothing more.
        // But it may lead where the Service was before somebody removed that: the address may be another tenant's by now.
        if (Did(input, Step.Publish) || !await routes.LeadsToAsync(input.App.Id, service.Upstream, cancellation))
        {
            var refused = await routes.ServeAsync(input.App.Id, RouteVersion.Of(input.Deployment), service.Upstream, workload.HealthPath, cancellation);
            await domains.LeftOutAsync(input.App, refused, input.Log, cancellation);
        }
        else
        {
            await routes.RequireAnswerAsync(workload.Hosts, workload.HealthPath, cancellation);
        }

        await input.Log.WriteAsync(LogOrigin.System, $"Release {release.Number} serves.", cancellation);
        await cluster.ForgetAsync(workload, input.Deployment.Id, cancellation, inputs.FenceOf(input));
        return release.Number;
    }
}
