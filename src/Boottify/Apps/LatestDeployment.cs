using Boottify.Deployments;
using Marten.Events.Projections;

namespace Boottify.Apps;

/// <summary>The newest deployment of each app: what the dashboard's list shows without looking through all of them.</summary>
/// <param name="Id">The app's id.</param>
public sealed record LatestDeployment(string Id, string DeploymentId, DateTimeOffset RequestedAt);

/// <summary>Runs behind the writes, since a list may lag a moment.</summary>
public sealed partial class LatestDeploymentProjection : MultiStreamProjection<LatestDeployment, string>
{
    public LatestDeploymentProjection() => Identity<DeploymentRequested>(e => e.AppId);

    public static LatestDeployment Create(DeploymentRequested e) => new(e.AppId, e.DeploymentId, e.At);

    public static LatestDeployment Apply(DeploymentRequested e, LatestDeployment latest) =>
        string.CompareOrdinal(e.DeploymentId, latest.DeploymentId) > 0 ? new(e.AppId, e.DeploymentId, e.At) : latest;
}
