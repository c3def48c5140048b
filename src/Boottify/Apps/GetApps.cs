using Boottify.Access;
using Boottify.Branches;
using Boottify.Deployments;
using Boottify.Platform;
using Marten;

namespace Boottify.Apps;

public static class GetApps
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/apps", ListAsync).Needs(Role.Viewer).WithName("ListApps");
        api.MapGet("/apps/{app}", GetAsync).Needs(Role.Viewer).WithName("GetApp");
    }

    private static async Task<Page<AppView>> ListAsync(
        HttpContext context, string? cursor, int? limit, IQuerySession session, BranchHeads heads, PlatformSettings settings, CancellationToken cancellation)
    {
        var (caller, after, most) = (Caller.Of(context), Cursor.Decode(cursor) ?? "", Cursor.Limit(limit));
        var query = session.Query<App>().Where(a => a.DeletedAt == null && a.Id.CompareTo(after) > 0);
        if (caller.TeamId is { } team)
            query = query.Where(a => a.TeamId == team);
        var apps = await query.OrderBy(a => a.Id).Take(most + 1).ToListAsync(cancellation);
        var ids = apps.Select(a => a.Id).ToArray();
        var latest = (await session.LoadManyAsync<LatestDeployment>(cancellation, ids)).ToDictionary(l => l.Id);
        var deployments = (await session.LoadManyAsync<Deployment>(cancellation, [.. latest.Values.Select(l => l.DeploymentId)])).ToDictionary(d => d.AppId);
        var removals = (await session.LoadManyAsync<AppRemoval>(cancellation, [.. apps.Where(a => a.DeletionRequestedAt is not null).Select(a => a.Id)])).ToDictionary(r => r.Id);
        var seen = await heads.OfAsync(ids, cancellation);
        return Cursor.Cut(apps, most, a => a.Id, a => AppView.Of(a, deployments.GetValueOrDefault(a.Id), settings, removals.GetValueOrDefault(a.Id)) with
        {
            BranchHead = seen.GetValueOrDefault(a.Id),
        });
    }

    private static async Task<AppView> GetAsync(string app, IQuerySession session, BranchHeads heads, PlatformSettings settings, CancellationToken cancellation)
    {
        var found = await session.LoadAsync<App>(app, cancellation) ?? throw new InvalidOperationException($"App {app} vanished.");
        var last = await session.Query<Deployment>().Where(d => d.AppId == app).OrderByDescending(d => d.Id).FirstOrDefaultAsync(cancellation);
        var removal = found.DeletionRequestedAt is null ? null : await session.LoadAsync<AppRemoval>(app, cancellation);
        return AppView.Of(found, last, settings, removal) with { BranchHead = (await heads.OfAsync([app], cancellation)).GetValueOrDefault(app) };
    }
}
