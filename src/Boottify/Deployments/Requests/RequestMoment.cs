using Boottify.Apps;
using Marten;

namespace Boottify.Deployments;

/// <summary>
/// When an app's next deployment, or its deletion, is asked for. Routes and pushes are put in order by it, and nodes' clocks differ, or
/// are put back: so it comes after every earlier deployment of the app, whatever this node's clock says.
/// </summary>
public static class RequestMoment
{
    public static async Task<DateTimeOffset> NextAsync(IQuerySession session, string appId, TimeProvider time, CancellationToken cancellation)
    {
        // Ids sort by time.
        var last = await session.Query<Deployment>().Where(d => d.AppId == appId).OrderByDescending(d => d.Id).Select(d => d.Id).FirstOrDefaultAsync(cancellation);
        var now = time.GetUtcNow();
        var next = AppIds.TimeOfDeployment(last ?? "")?.AddMilliseconds(1);
        return next > now ? next.Value : now;
    }
}
