using Boottify.Apps;
using Boottify.Deployments;
using Marten;

namespace Boottify.Branches;

/// <summary>Which commits of an app have arrived, and what became of them.</summary>
public sealed class Arrivals(IDocumentStore store)
{
    /// <summary>Longest row of deployments that superseded one another that is followed.</summary>
    private const int Longest = 100;

    /// <summary>Pushes that a commit is compared with, the newest ones.</summary>
    private const int Compared = 10;

    public async Task<HeadStanding> StandingAsync(string appId, string head, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        // Ids sort by time.
        var next = await session.Query<Deployment>().Where(d => d.AppId == appId && d.Commit == head && d.ToRelease == null)
            .OrderByDescending(d => d.Id).FirstOrDefaultAsync(cancellation);
        var chain = new List<Deployment>();
        while (next is not null && chain.Count < Longest)
        {
            chain.Add(next);
            next = next.SupersededBy is { } id ? await session.LoadAsync<Deployment>(id, cancellation) : null;
        }

        return HeadStanding.Of(head, chain);
    }

    /// <summary>What waited and was superseded by this deployment, by what it superseded itself, and so on; newest first.</summary>
    public async Task<IReadOnlyList<Deployment>> PushedOutAsync(Deployment by, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var superseded = await session.Query<Deployment>().Where(d => d.AppId == by.AppId && d.SupersededBy != null)
            .OrderByDescending(d => d.Id).Take(Longest).ToListAsync(cancellation);
        var gone = new HashSet<string>(StringComparer.Ordinal) { by.Id };
        // What was superseded is older than what superseded it, or was late itself; so one pass may miss one, and the next finds it.
        while (superseded.Where(d => !gone.Contains(d.Id) && gone.Contains(d.SupersededBy!)).ToList() is { Count: > 0 } more)
            gone.UnionWith(more.Select(d => d.Id));
        return [.. superseded.Where(d => gone.Contains(d.Id))];
    }

    /// <summary>What a push that may be late is compared with: the deployment that serves, then the newest other pushes.</summary>
    public async Task<IReadOnlyList<Deployment>> NewestAsync(App app, Deployment push, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var serving = app.CurrentRelease is { } release ? await session.LoadAsync<Deployment>(release.DeploymentId, cancellation) : null;
        var newest = await session.Query<Deployment>().Where(d => d.AppId == app.Id && d.ToRelease == null && d.SupersededBy == null)
            .OrderByDescending(d => d.Id).Take(Compared * 2).ToListAsync(cancellation);
        return [.. newest.Where(d => d.Trigger == Trigger.Push).Take(Compared).Prepend(serving).OfType<Deployment>()
            .Where(d => !string.Equals(d.Commit, push.Commit, StringComparison.Ordinal)).DistinctBy(d => d.Id)];
    }

    /// <summary>Whether anything was ever deployed, or tried, from the branch that the app is connected to now.</summary>
    public async Task<bool> AnyAsync(App app, CancellationToken cancellation)
    {
        var since = app.ConnectedAt ?? app.CreatedAt;
        await using var session = store.QuerySession();
        return await session.Query<Deployment>().AnyAsync(d => d.AppId == app.Id && d.ToRelease == null && d.RequestedAt >= since, cancellation);
    }
}
