using Boottify.Access;
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
        api.MapGet("/apps/{app}/releases", ReleasesAsync).Needs(Role.Viewer).WithName("ListReleases");
    }

    private static async Task<Page<AppView>> ListAsync(
        HttpContext context, string? cursor, int? limit, IQuerySession session, PlatformSettings settings, CancellationToken cancellation)
    {
        var (caller, after, most) = (Caller.Of(context), Cursor.Decode(cursor) ?? "", Cursor.Limit(limit));
        var query = session.Query<App>().Where(a => a.DeletedAt == null && a.Id.CompareTo(after) > 0);
        if (caller.TeamId is { } team)
            query = query.Where(a => a.TeamId == team);
        var apps = await query.OrderBy(a => a.Id).Take(most + 1).ToListAsync(cancellation);
        var ids = apps.Select(a => a.Id).ToArray();
        var latest = (await session.LoadManyAsync<LatestDeployment>(cancellation, ids)).ToDictionary(l => l.Id);
        var deployments = (await session.LoadManyAsync<Deployment>(cancellation, [.. latest.Values.Select(l => l.DeploymentId)])).ToDictionary(d => d.AppId);
        return Cursor.Cut(apps, most, a => a.Id, a => AppView.Of(a, deployments.GetValueOrDefault(a.Id), settings));
    }

    private static async Task<AppView> GetAsync(string app, IQuerySession session, PlatformSettings settings, CancellationToken cancellation)
    {
        var found = await session.LoadAsync<App>(app, cancellation) ?? throw new InvalidOperationException($"App {app} vanished.");
        var last = await session.Query<Deployment>().Where(d => d.AppId == app).OrderByDescending(d => d.Id).FirstOrDefaultAsync(cancellation);
        return AppView.Of(found, last, settings);
    }

    /// <summary>Newest first.</summary>
    private static async Task<Page<ReleaseView>> ReleasesAsync(string app, string? cursor, int? limit, IQuerySession session, CancellationToken cancellation)
    {
        var found = await session.LoadAsync<App>(app, cancellation) ?? throw new InvalidOperationException($"App {app} vanished.");
        var most = Cursor.Limit(limit);
        var before = int.TryParse(Cursor.Decode(cursor), out var number) ? number : int.MaxValue;
        var kept = found.Releases.TakeLast(FinalizeDeploymentHandler.KeptReleases).Select(r => r.Number).ToHashSet();
        var newestFirst = found.Releases.Reverse().Where(r => r.Number < before).Take(most + 1).ToList();
        return Cursor.Cut(newestFirst, most, r => $"{r.Number}", r => new ReleaseView(
            r.Number, r.ImageReference, r.ImageDigest, r.Commit, r.DeploymentId, r.At, r == found.CurrentRelease, kept.Contains(r.Number), r.RolledBackTo));
    }
}

/// <param name="Kept">Its image is pinned, so that it can be returned to.</param>
public sealed record ReleaseView(
    int Number, string ImageReference, string ImageDigest, string Commit, string DeploymentId, DateTimeOffset CreatedAt, bool Current, bool Kept, int? RolledBackTo);
