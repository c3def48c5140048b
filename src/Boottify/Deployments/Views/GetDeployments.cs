using Boottify.Access;
using Boottify.Deployments.Queue;
using Boottify.Housekeeping;
using Marten;

namespace Boottify.Deployments;

public static class GetDeployments
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/deployments/{deployment}", GetAsync).Needs(Role.Viewer).WithName("GetDeployment");
        api.MapGet("/apps/{app}/deployments", ListAsync).Needs(Role.Viewer).WithName("ListDeployments");
        api.MapGet("/deployments/{deployment}/events", EventsAsync).Needs(Role.Viewer).WithName("GetDeploymentEvents");
    }

    private static async Task<DeploymentView> GetAsync(
        HttpContext context, string deployment, IQuerySession session, WorkQueue queue, TimeProvider time, CancellationToken cancellation)
    {
        var found = await session.LoadAsync<Deployment>(deployment, cancellation) ?? throw new LostDeploymentException(deployment);
        var place = found.Status == DeploymentStatus.Queued ? QueueOrder.Of(await queue.ListAsync(cancellation)).GetValueOrDefault(deployment) : null;
        var stopped = place is null ? null : await StoppedBuilds.WhyAsync(session, Caller.Of(context), time.GetUtcNow(), cancellation);
        return DeploymentView.Of(found, place?.Number) with { WaitingFor = WaitingFor(found, place, stopped) };
    }

    /// <summary>Newest first: ids sort by time.</summary>
    private static async Task<Page<DeploymentView>> ListAsync(
        HttpContext context, string app, string? cursor, int? limit, IQuerySession session, WorkQueue queue, TimeProvider time, CancellationToken cancellation)
    {
        var (before, most) = (Cursor.Decode(cursor), Cursor.Limit(limit));
        var query = session.Query<Deployment>().Where(d => d.AppId == app);
        if (before is not null)
            query = query.Where(d => d.Id.CompareTo(before) < 0);
        var found = await query.OrderByDescending(d => d.Id).Take(most + 1).ToListAsync(cancellation);
        var places = found.Any(d => d.Status == DeploymentStatus.Queued) ? QueueOrder.Of(await queue.ListAsync(cancellation)) : null;
        var stopped = places is null ? null : await StoppedBuilds.WhyAsync(session, Caller.Of(context), time.GetUtcNow(), cancellation);
        return Cursor.Cut(found, most, d => d.Id, d =>
        {
            var place = places?.GetValueOrDefault(d.Id);
            return DeploymentView.Of(d, place?.Number) with { WaitingFor = WaitingFor(d, place, stopped) };
        });
    }

    /// <summary>A full disk is what keeps a build, whoever else waits.</summary>
    private static string? WaitingFor(Deployment deployment, QueuePlace? place, string? buildsStopped) =>
        place is null ? null : (deployment.ToRelease is null ? buildsStopped : null) ?? place.WaitingFor;

    /// <summary>The raw history.</summary>
    private static async Task<object> EventsAsync(string deployment, IQuerySession session, CancellationToken cancellation)
    {
        var events = await session.Events.FetchStreamAsync(deployment, token: cancellation);
        return new { items = events.Select(e => new { version = e.Version, type = e.EventType.Name, at = e.Timestamp, data = e.Data }), next = (string?)null };
    }
}
