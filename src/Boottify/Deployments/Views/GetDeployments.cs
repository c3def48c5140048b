using Boottify.Access;
using Boottify.Deployments.Queue;
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

    private static async Task<DeploymentView> GetAsync(string deployment, IQuerySession session, WorkQueue queue, CancellationToken cancellation)
    {
        var found = await session.LoadAsync<Deployment>(deployment, cancellation) ?? throw new LostDeploymentException(deployment);
        var place = found.Status == DeploymentStatus.Queued ? await queue.PlaceAsync(deployment, cancellation) : null;
        return DeploymentView.Of(found, place);
    }

    /// <summary>Newest first: ids sort by time.</summary>
    private static async Task<Page<DeploymentView>> ListAsync(string app, string? cursor, int? limit, IQuerySession session, CancellationToken cancellation)
    {
        var (before, most) = (Cursor.Decode(cursor), Cursor.Limit(limit));
        var query = session.Query<Deployment>().Where(d => d.AppId == app);
        if (before is not null)
            query = query.Where(d => d.Id.CompareTo(before) < 0);
        var found = await query.OrderByDescending(d => d.Id).Take(most + 1).ToListAsync(cancellation);
        return Cursor.Cut(found, most, d => d.Id, d => DeploymentView.Of(d));
    }

    /// <summary>The raw history.</summary>
    private static async Task<object> EventsAsync(string deployment, IQuerySession session, CancellationToken cancellation)
    {
        var events = await session.Events.FetchStreamAsync(deployment, token: cancellation);
        return new { items = events.Select(e => new { version = e.Version, type = e.EventType.Name, at = e.Timestamp, data = e.Data }), next = (string?)null };
    }
}
