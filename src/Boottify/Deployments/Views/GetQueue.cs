using Boottify.Access;
using Boottify.Deployments.Queue;
using Boottify.Housekeeping;
using Marten;

namespace Boottify.Deployments;

/// <summary>What runs and what waits, running ones first, then in the order of their start. A team sees its own; of others, only how many come before.</summary>
public static class GetQueue
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/queue", HandleAsync).Needs(Role.Viewer).WithName("GetQueue");

    private static async Task<QueueView> HandleAsync(HttpContext context, IQuerySession session, WorkQueue queue, TimeProvider time, CancellationToken cancellation)
    {
        var caller = Caller.Of(context);
        var work = await queue.ListAsync(cancellation);
        var places = QueueOrder.Of(work);
        var seen = work.Where(w => caller.Sees(w.TeamId)).ToList();
        var deployments = (await session.LoadManyAsync<Deployment>(cancellation, [.. seen.Select(w => w.DeploymentId)]))
            .Where(d => !d.Ended).ToDictionary(d => d.Id, StringComparer.Ordinal);
        var stopped = await StoppedBuilds.WhyAsync(session, caller, time.GetUtcNow(), cancellation);
        var items = seen.Where(w => deployments.ContainsKey(w.DeploymentId))
            .Select(w => QueueItem.Of(w, deployments[w.DeploymentId], places.GetValueOrDefault(w.DeploymentId), w.Builds ? stopped : null))
            .OrderBy(item => item.Place ?? 0).ThenBy(item => item.Since);
        return new QueueView([.. items], work.Count(w => w.Running), work.Count(w => !w.Running));
    }
}

/// <param name="Running">Deployments that run now, of all teams.</param>
/// <param name="Waiting">Deployments that wait now, of all teams.</param>
public sealed record QueueView(IReadOnlyList<QueueItem> Items, int Running, int Waiting);

/// <param name="Since">When it was started; of one that waits, when it was asked for.</param>
/// <param name="Place">1 for the next to start; null for one that runs.</param>
/// <param name="OthersAhead">How many of other teams start before it.</param>
/// <param name="Step">The step that it is in; null for one that waits.</param>
/// <param name="WaitingFor">What has to happen before it starts.</param>
public sealed record QueueItem(
    string Deployment, string App, string AppName, string Team, DeploymentStatus Status, string Commit, string RequestedBy, DateTimeOffset Since,
    long? Place, long? OthersAhead, string? WaitingFor, Step? Step, int? Attempt, string? Node)
{
    public static QueueItem Of(QueuedWork work, Deployment d, QueuePlace? place, string? buildsStopped) => new(
        d.Id, d.AppId, d.AppName, d.TeamId, d.Status, d.Commit, d.RequestedBy, (work.Running ? d.StartedAt : null) ?? d.RequestedAt,
        place?.Number, place?.OfOthers, place is null ? null : buildsStopped ?? place.WaitingFor, d.LastStep?.Step, d.LastStep?.Attempt, work.Node);
}
