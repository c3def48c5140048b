using System.Security.Cryptography;
using Boottify.Apps;
using Marten;

namespace Boottify.Domains;

/// <param name="Full">It is for the number of domains that the app has; else for who has the name.</param>
public sealed record ClaimRefusal(string Reason, bool Full = false);

/// <summary>Begins and ends claims of names, for requests and for returns to a release: all in the transaction of the session that is handed in.</summary>
public sealed class DomainClaims(DomainTable table, DomainSettings settings, TimeProvider time)
{
    private const string Held =
        "This name is in use on this platform already, so it cannot be added. If it is yours: remove the TXT record of whoever uses it, _boottify.<name>, from its zone. They lose the name after a while, and it can be added then.";

    /// <summary>Why the app cannot have a name that it has not; null when it can. To be asked with the app's stream locked.</summary>
    /// <param name="before">The team's last claim of the name; null if there was none.</param>
    /// <param name="count">Domains that the app has by then.</param>
    public async Task<ClaimRefusal?> RefusalAsync(App app, string host, Domain? before, int count, CancellationToken cancellation)
    {
        if (before is { RemovedAt: null })
            return new ClaimRefusal($"Your team's app {before.AppId} has this name. Remove it there first: DELETE /api/apps/{before.AppId}/domains/{host}.");
        var id = Domain.IdOf(app.TeamId, host);
        if (await table.IsHeldByOthersAsync(host, id, cancellation))
            return new ClaimRefusal(Held);
        if (await table.FindAsync(id, cancellation) is not null)
            return new ClaimRefusal("This name was removed a moment ago, and the edge still lets go of it. Add it again in some seconds.");
        return count < settings.MostPerApp
            ? null
            : new ClaimRefusal($"The app has {settings.MostPerApp} domains, which is the most that one may have. Remove one, or ask whoever runs this platform for more.", Full: true);
    }

    /// <summary>Claims the name with a proof of its own, which its owner has yet to set.</summary>
    public Domain Begin(IDocumentSession session, App app, string host, Domain? before, string by)
    {
        var added = new DomainAdded(
            host, app.Id, app.TeamId, $"boottify-verification={RandomNumberGenerator.GetHexString(40, lowercase: true)}", by, time.GetUtcNow());
        var domain = Domain.Create(added);
        if (before is null)
            session.Events.StartStream<Domain>(domain.Id, added);
        else
            session.Events.Append(domain.Id, before.Version + 1, added);
        DomainTable.Add(session, domain);
        return domain;
    }

    /// <summary>Lets the name go. Its route goes with a look, which is due at once.</summary>
    /// <returns>What is to be written in the app's stream; null for nothing.</returns>
    public DomainDetached? End(IDocumentSession session, App app, Domain domain, string by)
    {
        var now = time.GetUtcNow();
        session.Events.Append(domain.Id, domain.Version + 1, new DomainRemoved(by, now));
        DomainTable.LookNow(session, domain.Id);
        return app.Domains.Contains(domain.Host) ? new DomainDetached(domain.Host, now) : null;
    }
}
