using Boottify.Apps;
using Boottify.Contracts.Edge;
using Boottify.Routes;
using JasperFx;
using Marten;

namespace Boottify.Domains;

/// <summary>
/// One look at a domain: what name servers and the edge say goes into its stream, and the edge is told what follows from it.
/// May be repeated, and made by two at once: each write is against the version that it was decided on.
/// </summary>
public sealed class DomainLook(IDocumentStore store, DomainTable table, DomainInspection inspection, AppRoutes routes, IEdge edge, DomainSettings settings, TimeProvider time)
{
    private const string Taken = "Another team on this platform has proven that this name is theirs. If it is yours, remove their TXT record from its zone: they lose the name after a while.";

    /// <summary>Longer than any look takes.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);

    /// <exception cref="ConcurrencyException">Something else was written meanwhile; the next look sees it.</exception>
    public async Task RunAsync(DueDomain due, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        var domain = await session.LoadAsync<Domain>(due.Id, cancellation);
        var app = await session.LoadAsync<App>(due.AppId, cancellation);
        if (domain is null || app is null || app.DeletionRequestedAt is not null)
        {
            // The app's removal ends its domains.
            await table.LookedAsync(due.Id, due.Looks, settings.CheckEvery, cancellation);
            return;
        }

        if (domain.RemovedAt is not null)
        {
            await LetGoAsync(domain, app, cancellation);
            return;
        }

        var before = (domain.Stage, domain.Reason);
        domain = await DecideAsync(session, domain, app, cancellation);
        var active = domain.Stage == DomainStage.Edge && await ServeAsync(session, domain, cancellation);
        if (domain.Stage == DomainStage.Ownership && due.Owns)
            await LetGoAsync(domain, app, cancellation);
        var looks = before == (domain.Stage, domain.Reason) ? due.Looks + 1 : 1;
        await table.LookedAsync(due.Id, looks, Next(domain, active, looks), cancellation);
    }

    /// <summary>Ends what is left of a removed or lapsed claim: the edge lets go of the name first, then it may be another's.</summary>
    public async Task LetGoAsync(Domain domain, App app, CancellationToken cancellation)
    {
        await routes.StateHostsAsync(app.Id, cancellation);
        // Also one that is away now: it serves on, and its visitors would get the last owner's app.
        if ((await edge.HostsOnAnyAsync(app.Id, cancellation)).Contains(domain.Host))
            throw new TimeoutException($"An edge still has {domain.Host} in the route of app {app.Id}.");
        await using var session = store.LightweightSession();
        // Locks the stream until this is written: a proof that is seen at this moment holds the name after it, not before.
        var stream = await session.Events.FetchForExclusiveWriting<Domain>(domain.Id, cancellation);
        if (stream.Aggregate is not { } now || now.Version != domain.Version)
            return;
        if (domain.RemovedAt is null)
            DomainTable.LetGo(session, domain.Id);
        else
            DomainTable.Drop(session, domain.Id);
        await session.SaveChangesAsync(cancellation);
    }

    private TimeSpan Next(Domain domain, bool active, int looks) => (domain.Stage, active) switch
    {
        (DomainStage.Edge, true) when domain.DoubtedAt is null => DomainSchedule.Serving(settings.CheckEvery, Random.Shared.NextDouble()),
        (DomainStage.Edge, false) when domain.Reason is null => DomainSchedule.Issuing(looks, Random.Shared.NextDouble()),
        _ => DomainSchedule.Waiting(looks, Random.Shared.NextDouble()),
    };

    private async Task<Domain> DecideAsync(IDocumentSession session, Domain domain, App app, CancellationToken cancellation)
    {
        var events = DomainDecision.Of(domain, await inspection.FindAsync(domain, app, cancellation), settings.Grace, time.GetUtcNow());
        if (events.Count == 0)
            return domain;
        try
        {
            return await WriteAsync(session, domain, events, cancellation);
        }
        catch (Exception e) when (DomainTable.IsTaken(e))
        {
            await using var anew = store.LightweightSession();
            return string.Equals(domain.Reason, Taken, StringComparison.Ordinal)
                ? domain
                : await WriteAsync(anew, domain, [new DomainTroubled(Taken, Record: null, time.GetUtcNow())], cancellation);
        }
    }

    /// <summary>Both streams in one transaction: a domain is in its app's route exactly as long as its own stream says so.</summary>
    private async Task<Domain> WriteAsync(IDocumentSession session, Domain domain, IReadOnlyList<object> events, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        session.Events.Append(domain.Id, domain.Version + events.Count, events);
        if (events.Any(e => e is OwnershipProven))
            DomainTable.Hold(session, domain.Id);
        if (events.Any(e => e is DomainPointed))
            (await session.Events.FetchForWriting<App>(domain.AppId, cancellation)).AppendOne(new DomainAttached(domain.Host, now));
        if (events.Any(e => e is OwnershipLapsed) && domain.Stage == DomainStage.Edge)
            (await session.Events.FetchForWriting<App>(domain.AppId, cancellation)).AppendOne(new DomainDetached(domain.Host, now));
        await session.SaveChangesAsync(cancellation);
        return (await session.LoadAsync<Domain>(domain.Id, cancellation))!;
    }

    /// <returns>Whether the edge serves it with a certificate.</returns>
    private async Task<bool> ServeAsync(IDocumentSession session, Domain domain, CancellationToken cancellation)
    {
        var route = await routes.StateHostsAsync(domain.AppId, cancellation);
        var status = route?.Hosts.FirstOrDefault(h => string.Equals(h.Host, domain.Host, StringComparison.Ordinal));
        if (status is { Certificate: CertificateState.Pending or CertificateState.Issuing })
            status = (await edge.GetRouteAsync(domain.AppId, TimeSpan.FromSeconds(2), cancellation))?.Hosts.FirstOrDefault(h => string.Equals(h.Host, domain.Host, StringComparison.Ordinal));
        if (status is not { Certificate: CertificateState.Active })
            return false;
        if (domain.ActiveAt is null)
            await WriteAsync(session, domain, [new DomainActivated(status.NotAfter, time.GetUtcNow())], cancellation);
        return true;
    }
}
