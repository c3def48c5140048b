using Boottify.Apps;
using Boottify.Logs;
using Marten;

namespace Boottify.Domains;

/// <summary>An app's domains, for those who deploy or remove it.</summary>
public sealed class AppDomains(IDocumentStore store, DomainTable table, TimeProvider time)
{
    /// <summary>Those that are not in its route yet.</summary>
    public async Task<IReadOnlyList<Domain>> WaitingAsync(string appId, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        return await session.Query<Domain>().Where(d => d.AppId == appId && d.RemovedAt == null && d.Stage != DomainStage.Edge).OrderBy(d => d.Host).ToListAsync(cancellation);
    }

    /// <summary>Tells of hosts that the route was put without, and has them looked at soon, so that they come back by themselves.</summary>
    public async Task LeftOutAsync(App app, IReadOnlyList<string> hosts, ILogSink log, CancellationToken cancellation)
    {
        if (hosts.Count == 0)
            return;
        foreach (var host in hosts)
            await log.WriteAsync(LogOrigin.System, $"The domain {host} is not served yet: the edge still has it for another app. It is tried again by itself, and holds nothing else up.", cancellation);
        await using var session = store.LightweightSession();
        foreach (var host in hosts)
            DomainTable.LookNow(session, Domain.IdOf(app.TeamId, host));
        await session.SaveChangesAsync(cancellation);
    }

    /// <summary>Ends all claims of an app that is being deleted. To be called once the edge has let go of its route: other teams may have the names from then on.</summary>
    public async Task EndAsync(string appId, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        var domains = await session.Query<Domain>().Where(d => d.AppId == appId && d.RemovedAt == null).ToListAsync(cancellation);
        foreach (var domain in domains)
            session.Events.Append(domain.Id, domain.Version + 1, new DomainRemoved("deletion of the app", time.GetUtcNow()));
        foreach (var claim in (await table.OfAppAsync(appId, cancellation)).Keys)
            DomainTable.Drop(session, claim);
        await session.SaveChangesAsync(cancellation);
    }
}
