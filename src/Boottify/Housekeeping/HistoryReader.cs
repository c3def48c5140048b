using Boottify.Apps;
using Boottify.Deployments;
using Boottify.Platform;
using Marten;

namespace Boottify.Housekeeping;

/// <summary>Reads from the store what <see cref="Judgement"/> has to know.</summary>
public sealed class HistoryReader(IDocumentStore store, PlatformSettings platform, HousekeepingSettings settings)
{
    /// <summary>All apps that are not deleted, and whatever else the found things name.</summary>
    public async Task<History> ReadAsync(IReadOnlyCollection<Found> found, DateTimeOffset asOf, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var apps = (await session.Query<App>().Where(a => a.DeletedAt == null).ToListAsync(cancellation)).ToDictionary(a => a.Id, StringComparer.Ordinal);
        var others = found.Select(f => f.AppId).OfType<string>().Where(id => !apps.ContainsKey(id)).Distinct(StringComparer.Ordinal).ToArray();
        foreach (var app in await session.LoadManyAsync<App>(cancellation, others))
            apps[app.Id] = app;
        var open = await session.Query<Deployment>().Where(d => d.FinishedAt == null).ToListAsync(cancellation);
        return await WithDeploymentsAsync(session, found, asOf, apps.Values, open, cancellation);
    }

    /// <summary>One app alone, as it is now: for a second look just before something is done.</summary>
    public async Task<History> ReadAsync(string? appId, IReadOnlyCollection<Found> found, DateTimeOffset asOf, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var app = appId is null ? null : await session.LoadAsync<App>(appId, cancellation);
        IReadOnlyList<Deployment> open = app is null
            ? []
            : await session.Query<Deployment>().Where(d => d.AppId == appId && d.FinishedAt == null).ToListAsync(cancellation);
        return await WithDeploymentsAsync(session, found, asOf, app is null ? [] : [app], open, cancellation);
    }

    private async Task<History> WithDeploymentsAsync(
        IQuerySession session, IReadOnlyCollection<Found> found, DateTimeOffset asOf, IReadOnlyCollection<App> apps, IReadOnlyList<Deployment> open, CancellationToken cancellation)
    {
        var serving = apps.Select(app => app.CurrentRelease?.DeploymentId).ToHashSet(StringComparer.Ordinal);
        // A namespace in which all is well names a deployment that nobody has to look at.
        var named = found.Where(f => f.Kind != Kind.Namespace || !serving.Contains(f.DeploymentId)).Select(f => f.DeploymentId);
        var deployments = await session.LoadManyAsync<Deployment>(cancellation, named.OfType<string>().Distinct(StringComparer.Ordinal).ToArray());
        var running = open.ToLookup(d => d.AppId, StringComparer.Ordinal);
        return new History(
            asOf,
            apps.ToDictionary(app => app.Id, app => KnownApp.Of(app, running[app.Id], platform.Domain, asOf, settings.Grace), StringComparer.Ordinal),
            deployments.ToDictionary(d => d.Id, StringComparer.Ordinal));
    }
}
