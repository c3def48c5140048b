using Boottify.Access;
using Boottify.Platform;
using Boottify.Routes;
using Marten;

namespace Boottify.Domains;

/// <summary>Looks at a domain now, instead of at its next attempt, and from there on as often as at one that was just added. An order that failed at the edge is tried now too, if only the edge's own pause is waited for.</summary>
public static class VerifyDomain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PatienceWithWish = TimeSpan.FromSeconds(10);

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/apps/{app}/domains/{host}/verify", HandleAsync).Needs(Role.Developer).WithName("VerifyDomain");

    /// <summary>200 with the domain as the look found it, or as it was before where that takes too long.</summary>
    private static async Task<IResult> HandleAsync(
        string app, string host, IDocumentStore store, DomainTable table, DomainLook look, DomainViews views, VerifySlots slots, IEdge edge, PlatformSettings settings,
        ILogger<DomainLook> log, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        if (await GetDomains.FindAsync(session, app, host, settings, cancellation) is not (_, { } domain) || await table.FindAsync(domain.Id, cancellation) is not { } row)
            return Problems.NotFound(GetDomains.None);
        if (!slots.TryTake(row.TeamId))
        {
            await LeaveToWatchAsync(store, domain.Id);
        }
        else
        {
            try
            {
                await LookAsync(row, domain, look, store, log, cancellation);
            }
            finally
            {
                slots.Release(row.TeamId);
            }
        }

        await using var after = store.QuerySession();
        if (await GetDomains.FindAsync(after, app, host, settings, cancellation) is not (var owner, { } now))
            return Problems.NotFound(GetDomains.None);
        var view = await views.OfAsync(owner, now, cancellation);
        if (view.Status == DomainStatus.Failed && now.Reason is null && await RetriedAsync(edge, domain.Host, log, cancellation))
            view = await views.OfAsync(owner, now, cancellation);
        return Results.Ok(view);
    }

    /// <returns>False when the edge could not be asked: its own next attempt comes all the same.</returns>
    private static async Task<bool> RetriedAsync(IEdge edge, string host, ILogger log, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(PatienceWithWish);
        try
        {
            await edge.RetryCertificateAsync(host, patience.Token);
            return true;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogInformation("The order for {Domain} is left to the edge's own next attempt: {Reason}", host, e.Message);
            return false;
        }
    }

    private static async Task LookAsync(DueDomain row, Domain domain, DomainLook look, IDocumentStore store, ILogger log, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            await look.RunAsync(row with { Looks = 0 }, patience.Token);
        }
        catch (Exception e)
        {
            // The watch looks at the same moment, the edge is away, it takes longer, or the caller has gone half-way: the watch goes on with it.
            log.LogInformation("Domain {Domain} is left to the watch: {Reason}", domain.Host, e.Message);
            await LeaveToWatchAsync(store, domain.Id);
        }
    }

    /// <summary>Also where the caller has gone.</summary>
    private static async Task LeaveToWatchAsync(IDocumentStore store, string id)
    {
        using var patience = new CancellationTokenSource(PatienceWithWish);
        await using var wish = store.LightweightSession();
        DomainTable.LookNow(wish, id);
        await wish.SaveChangesAsync(patience.Token);
    }
}
