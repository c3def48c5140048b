using Boottify.Apps;
using Boottify.Deployments;
using Boottify.Platform;
using JasperFx;
using JasperFx.Events;
using Marten;

namespace Boottify.Domains;

/// <summary>Puts an app's custom domains back to those that a release had, for a rollback that was asked to.</summary>
public sealed class DomainReturn(IDocumentStore store, DomainTable table, DomainClaims claims, PlatformSettings settings, TimeProvider time)
{
    /// <summary>For an edge to let go of names that were removed a moment ago.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Waits until the names that are to be claimed again are let go of, where it was this team that removed them.</summary>
    /// <exception cref="OperationCanceledException">Some are not in time; those are left out.</exception>
    public async Task AwaitLetGoAsync(Deployment deployment, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        await using var session = store.LightweightSession();
        var (app, release) = await TargetAsync(session, deployment, patience.Token);
        var ids = DomainChanges.Of(release, await OfAsync(session, app.Id, patience.Token)).Added.Select(host => Domain.IdOf(app.TeamId, host)).ToList();
        var leaving = (await session.LoadManyAsync<Domain>(patience.Token, ids)).Where(d => d.RemovedAt is not null).Select(d => d.Id).ToList();
        foreach (var id in leaving)
        {
            while (await table.FindAsync(id, patience.Token) is not null)
            {
                // Each time: a look that fails at this moment would put the next one off.
                DomainTable.LookNow(session, id);
                await session.SaveChangesAsync(patience.Token);
                await Task.Delay(Pause, time, patience.Token);
            }
        }
    }

    /// <summary>
    /// In the session's transaction, so that it is done exactly when the deployment succeeds. Names that the app cannot have are
    /// left out; whether the others lead here, and are proven, is looked at as with any that was just added.
    /// </summary>
    /// <returns>The app's stream, locked, and what is done.</returns>
    /// <exception cref="ConcurrencyException">The app's domains changed meanwhile; decide again.</exception>
    public async Task<(IEventStream<App> App, DomainsReturned Done)> WriteAsync(IDocumentSession session, Deployment deployment, CancellationToken cancellation)
    {
        var (before, release) = await TargetAsync(session, deployment, cancellation);
        var removed = DomainChanges.Of(release, await OfAsync(session, before.Id, cancellation), deployment.RequestedAt).Removed;
        // Before the app's: so does who removes one, or looks at it. In the other order both would wait for each other.
        foreach (var host in removed)
            await session.Events.FetchForExclusiveWriting<Domain>(Domain.IdOf(before.TeamId, host), cancellation);
        var stream = await session.Events.FetchForExclusiveWriting<App>(before.Id, cancellation);
        var app = stream.Aggregate ?? throw new LostDeploymentException(deployment.Id);
        var now = await OfAsync(session, app.Id, cancellation);
        var changes = DomainChanges.Of(release, now, deployment.RequestedAt);
        if (!changes.Removed.SequenceEqual(removed, StringComparer.Ordinal))
            throw new ConcurrencyException(typeof(App), app.Id);
        if (app.DeletionRequestedAt is not null)
            return (stream, new DomainsReturned(release.Number, [], [], [], time.GetUtcNow()));

        foreach (var domain in now.Where(d => removed.Contains(d.Host, StringComparer.Ordinal)))
        {
            if (claims.End(session, app, domain, deployment.RequestedBy) is { } detached)
                stream.AppendOne(detached);
        }

        var (added, leftOut) = (new List<string>(), new List<DomainLeftOut>());
        var count = (await table.OfAppAsync(app.Id, cancellation)).Count - removed.Count;
        foreach (var host in changes.Added)
        {
            var last = await session.LoadAsync<Domain>(Domain.IdOf(app.TeamId, host), cancellation);
            if (DomainName.TryParse(host, settings, out _, out var problem))
                problem = (await claims.RefusalAsync(app, host, last, count + added.Count, cancellation))?.Reason;
            if (problem is not null)
            {
                leftOut.Add(new DomainLeftOut(host, problem));
                continue;
            }

            claims.Begin(session, app, host, last, deployment.RequestedBy);
            added.Add(host);
        }

        Wakeups.Announce(session, Wakeups.Domains);
        return (stream, new DomainsReturned(release.Number, added, removed, leftOut, time.GetUtcNow()));
    }

    /// <summary>The same for those who read the deployment's log.</summary>
    public static IEnumerable<string> Words(DomainsReturned done, string appId)
    {
        yield return $"With this deployment's success the app's custom domains become those of release {done.Release}: {done.Removed.Count} removed, {done.Added.Count} added again.";
        foreach (var host in done.Removed)
            yield return $"The domain {host} is removed: release {done.Release} did not have it.";
        foreach (var host in done.Added)
            yield return $"The domain {host} is added again and waits for its proof: GET /api/apps/{appId}/domains/{host} tells the records to set.";
        foreach (var left in done.LeftOut)
            yield return $"The domain {left.Host} does not come back: {left.Reason}";
    }

    /// <summary>The domains that an app has, those that wait included.</summary>
    public static Task<IReadOnlyList<Domain>> OfAsync(IQuerySession session, string appId, CancellationToken cancellation) =>
        session.Query<Domain>().Where(d => d.AppId == appId && d.RemovedAt == null).OrderBy(d => d.Host).ToListAsync(cancellation);

    private static async Task<(App App, Release Release)> TargetAsync(IQuerySession session, Deployment deployment, CancellationToken cancellation)
    {
        var app = await session.LoadAsync<App>(deployment.AppId, cancellation) ?? throw new LostDeploymentException(deployment.Id);
        return (app, app.Releases.Find(r => r.Number == deployment.ToRelease) ?? throw new InvalidOperationException($"App {app.Id} has no release {deployment.ToRelease}."));
    }
}
