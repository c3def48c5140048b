using Boottify.Access;
using Marten;

namespace Boottify.Housekeeping;

public static class GetHousekeeping
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/housekeeping", HandleAsync).Needs(Role.Administrator).WithName("GetHousekeeping");

    /// <summary>What the last run did, and the disks of all nodes.</summary>
    private static async Task<object> HandleAsync(IQuerySession session, TimeProvider time, CancellationToken cancellation)
    {
        var since = time.GetUtcNow() - StoppedBuilds.Silence;
        var nodes = await session.Query<NodeDisks>().Where(n => n.At > since).OrderBy(n => n.Id).ToListAsync(cancellation);
        return new
        {
            last = await session.LoadAsync<HousekeepingReport>(HousekeepingReport.Last, cancellation),
            nodes = nodes.Select(n => new { node = n.Id, at = n.At, buildsStopped = n.BuildsStopped, disks = n.Disks }),
        };
    }
}
