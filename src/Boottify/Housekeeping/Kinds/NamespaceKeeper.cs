using Boottify.Apps;
using Boottify.Cluster;
using Boottify.Deployments;
using Boottify.Routes;
using Marten;

namespace Boottify.Housekeeping.Kinds;

/// <summary>
/// Namespaces with this platform's label. A live app that lacks its workload, or has another one than its current release's, is
/// deployed again from that: by an ordinary deployment, so that the history tells of it. Of a live app that has no release only
/// the workload goes.
/// </summary>
internal sealed class NamespaceKeeper(ICluster cluster, IEdge edge, IDocumentStore store, DeploymentIntake intake) : Keeper
{
    /// <summary>Who asks for such a deployment, as the history shows it.</summary>
    public const string By = "housekeeping";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public override Kind Kind => Kind.Namespace;

    public override bool EachAppHasOne => true;

    public override async Task<IReadOnlyList<Found>> ListAsync(CancellationToken cancellation) =>
    [
        .. (await cluster.ListNamespacesAsync(cancellation)).Select(n =>
            new Found(Kind.Namespace, n.Name, n.AppId)
            {
                Mark = Mark.Ours, Since = n.CreatedAt, Complete = n.Complete, Going = n.Terminating, DeploymentId = n.DeploymentId,
            }),
    ];

    public override async Task<string?> RemoveAsync(Found found, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<App>(found.AppId!, cancellation) is { DeletedAt: null } app
            ? await RemoveWorkloadAsync(app, cancellation)
            : await cluster.DeleteNamespaceAsync(found.Name, Patience, cancellation);
    }

    public override async Task<string?> RestoreAsync(KnownApp app, DateTimeOffset asOf, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var last = await session.Query<Deployment>().Where(d => d.AppId == app.Id).OrderByDescending(d => d.Id).FirstOrDefaultAsync(cancellation);
        if (last is { RequestedBy: By, Ended: true, Status: not DeploymentStatus.Succeeded })
            return $"Deployment {last.Id} has tried and failed: {last.Error} Mend that, then POST /api/apps/{app.Id}/rollback with {{\"release\":{app.Release!.Number}}}.";
        if (await session.LoadAsync<App>(app.Id, cancellation) is not { DeletionRequestedAt: null } current)
            return "The app is being deleted.";

        var release = app.Release!;
        await intake.AcceptAsync(
            new DeploymentWish(
                current, release.Commit, "", $"Put release {release.Number} back: the cluster does not have it", Trigger.Rollback, By, null, release.Number, [])
            {
                Reason = "The cluster did not have it.",
                GivesWay = true,
            },
            cancellation);
        return null;
    }

    private async Task<string?> RemoveWorkloadAsync(App app, CancellationToken cancellation)
    {
        // The Service's address may be another app's next.
        if ((await edge.HostsOnAnyAsync(app.Id, cancellation)).Count > 0)
            return "An edge still has a route that leads there.";
        await cluster.RemoveWorkloadAsync(app.Names.Namespace, cancellation, RequireIdleAsync);
        return null;

        async Task RequireIdleAsync(CancellationToken token)
        {
            await using var session = store.QuerySession();
            if (await session.Query<Deployment>().AnyAsync(d => d.AppId == app.Id && d.FinishedAt == null, token))
                throw new InvalidOperationException("A deployment of the app has begun since the look.");
        }
    }
}
