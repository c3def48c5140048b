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
        return After(last, time.GetUtcNow());
    }

    /// <param name="last">The newest deployment's id; null for none.</param>
    internal static DateTimeOffset After(string? last, DateTimeOffset now) =>
        last is not null && AppIds.TimeOfDeployment(last) is { } before && before.AddMilliseconds(1) is var next && next > now ? next : now;
}
