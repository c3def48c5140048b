using Boottify.Access;
using Boottify.Cluster;
using Boottify.Deployments;
using Boottify.Domains;
using Boottify.Platform;
using Marten;

namespace Boottify.Apps;

public static class GetReleases
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/apps/{app}/releases", HandleAsync).Needs(Role.Viewer).WithName("ListReleases");

    /// <summary>Newest first.</summary>
    private static async Task<Page<ReleaseView>> HandleAsync(
        string app, string? cursor, int? limit, IQuerySession session, PlatformSettings settings, CancellationToken cancellation)
    {
        var found = await session.LoadAsync<App>(app, cancellation) ?? throw new InvalidOperationException($"App {app} vanished.");
        var most = Cursor.Limit(limit);
        var before = int.TryParse(Cursor.Decode(cursor), out var number) ? number : int.MaxValue;
        var kept = found.Releases.TakeLast(FinalizeDeploymentHandler.KeptReleases).Select(r => r.Number).ToHashSet();
        var newestFirst = found.Releases.Reverse().Where(r => r.Number < before).Take(most + 1).ToList();
        var then = await AppsAsync(session, found, [.. newestFirst.Select(r => r.AppVersion)], cancellation);
        var domains = await DomainReturn.OfAsync(session, app, cancellation);
        return Cursor.Cut(newestFirst, most, r => $"{r.Number}", r =>
        {
            var earlier = newestFirst.Find(e => e.Number < r.Number);
            return ReleaseView.Of(r, then[r.AppVersion], earlier is null ? null : then[earlier.AppVersion], found, domains, kept.Contains(r.Number), settings);
        });
    }

    /// <summary>The app as it was at each of the versions, in one pass over its stream.</summary>
    private static async Task<Dictionary<long, App>> AppsAsync(IQuerySession session, App now, HashSet<long> versions, CancellationToken cancellation)
    {
        var apps = new Dictionary<long, App>();
        App? app = null;
        foreach (var e in await session.Events.FetchStreamAsync(now.Id, version: versions.Count == 0 ? 1 : versions.Max(), token: cancellation))
        {
            app = e.Data switch
            {
                AppRegistered registered => App.Create(registered),
                AppSettingsChanged changed => app!.Apply(changed),
                EnvironmentVariableSet set => app!.Apply(set),
                EnvironmentVariableRemoved removed => app!.Apply(removed),
                _ => app,
            };
            if (versions.Contains(e.Version))
                apps[e.Version] = app!;
        }

        foreach (var version in versions)
            apps.TryAdd(version, now);
        return apps;
    }
}

/// <param name="Kept">Its image is pinned, so that it can be returned to.</param>
/// <param name="RolledBackTo">The release that this one went back to; null for one that was built.</param>
/// <param name="Reason">Why it was returned to, in the words of who asked.</param>
/// <param name="Hosts">The names that it answers under.</param>
/// <param name="NextPushChanges">
/// What the next push would run with otherwise: it takes the app's own environment and settings of then, which a return to a
/// release leaves as they are. Names of variables and settings.
/// </param>
/// <param name="DomainChanges">What a return to it with <c>"domains": true</c> would do to the app's custom domains of now.</param>
public sealed record ReleaseView(
    int Number, string ImageReference, string ImageDigest, string Commit, string DeploymentId, DateTimeOffset CreatedAt, bool Current, bool Kept, int? RolledBackTo,
    string? Reason, IReadOnlyList<string> Hosts, ReleaseEnvironment Environment, AppSettings Settings, IReadOnlyList<string> NextPushChanges, DomainChanges DomainChanges)
{
    /// <param name="then">The app as it was for this release.</param>
    /// <param name="earlier">The app as it was for the release before.</param>
    /// <param name="domains">The domains that the app has now.</param>
    public static ReleaseView Of(Release r, App then, App? earlier, App now, IReadOnlyCollection<Domain> domains, bool kept, PlatformSettings settings) => new(
        r.Number, r.ImageReference, r.ImageDigest, r.Commit, r.DeploymentId, r.At, r == now.CurrentRelease, kept, r.RolledBackTo, r.Reason, r.HostsOf(then, settings),
        new ReleaseEnvironment(r.AppVersion, [.. then.Environment.Keys], Changed(earlier, then)), then.Settings,
        [.. Changed(then, now), .. Changed(then.Settings, now.Settings)], DomainChanges.Of(r, domains));

    /// <summary>By when each was set: two sealed values cannot be compared.</summary>
    private static List<string> Changed(App? from, App to) =>
        [.. to.Environment.Keys.Union(from?.Environment.Keys ?? [], StringComparer.Ordinal)
            .Where(name => from?.Environment.GetValueOrDefault(name)?.SetAt != to.Environment.GetValueOrDefault(name)?.SetAt)
            .Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Changed(AppSettings from, AppSettings to)
    {
        if (from.Port != to.Port)
            yield return "port";
        if (from.Health != to.Health)
            yield return "health";
        if (from.Replicas != to.Replicas)
            yield return "replicas";
        if (from.Resources != to.Resources)
            yield return "resources";
    }
}

/// <summary>The environment that a release runs with; never a value of it.</summary>
/// <param name="Version">Of the app's history: the same version is the same environment.</param>
/// <param name="Changed">Variables that were set or removed since the release before.</param>
public sealed record ReleaseEnvironment(long Version, IReadOnlyList<string> Names, IReadOnlyList<string> Changed);
