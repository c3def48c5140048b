using Boottify.Apps;
using Boottify.Cluster;
using Boottify.Deployments;
using Marten;

namespace Boottify.Housekeeping.Kinds;

/// <summary>
/// Namespaces with this platform's label. A live app without its workload is deployed again from its current release: by an
/// ordinary deployment, so that the history tells of it.
/// </summary>
internal sealed class NamespaceKeeper(ICluster cluster, IDocumentStore store, DeploymentIntake intake) : Keeper
{
    /// <summary>Who asks for such a deployment, as the history shows it.</summary>
    public const string By = "housekeeping";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public override Kind Kind => Kind.Namespace;

    public override bool EachAppHasOne => true;

    public override async Task<IReadOnlyList<Found>> ListAsync(CancellationToken cancellation) =>
    [
        .. (await cluster.ListNamespacesAsync(cancellation)).Select(n =>
            new Found(Kind.Namespace, n.Name, n.AppId) { Mark = Mark.Ours, Since = n.CreatedAt, Complete = n.Complete, Going = n.Terminating }),
    ];

    public override Task<string?> RemoveAsync(Found found, CancellationToken cancellation) => cluster.DeleteNamespaceAsync(found.Name, Patience, cancellation);

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
                current, release.Commit, "", $"Put release {release.Number} back: its objects are missing in the cluster", Trigger.Rollback, By, null, release.Number, [])
            {
                Reason = "Its objects are missing in the cluster.",
                GivesWay = true,
            },
            cancellation);
        return null;
    }
}
