using Boottify.Access;
using Boottify.Apps;
using Boottify.Platform;
using JasperFx;
using Marten;

namespace Boottify.Domains;

/// <summary>Lets a name go: its route and certificate at once, and then the name itself.</summary>
public static class RemoveDomain
{
    private const int Tries = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder api) => api.MapDelete("/apps/{app}/domains/{host}", HandleAsync).Needs(Role.Developer).WithName("RemoveDomain");

    /// <summary>204 once it is durable, and the edge has let go of it if that answers; else the watch sees to that.</summary>
    private static async Task<IResult> HandleAsync(
        string app, string host, HttpContext context, IDocumentStore store, DomainClaims claims, DomainLook look, PlatformSettings settings, ILogger<DomainLook> log)
    {
        var cancellation = context.RequestAborted;
        for (var tries = 1; ; tries++)
        {
            try
            {
                await using var session = store.LightweightSession();
                var (owner, domain) = await GetDomains.FindAsync(session, app, host, settings, cancellation);
                if (domain is null)
                    return Problems.NotFound(GetDomains.None);
                if (claims.End(session, owner, domain, Caller.Of(context).Name) is { } detached)
                    (await session.Events.FetchForWriting<App>(app, cancellation)).AppendOne(detached);
                await session.SaveChangesAsync(cancellation);
                await LetGoAsync((await session.LoadAsync<Domain>(domain.Id, cancellation))!, owner, look, log, cancellation);
                return Results.NoContent();
            }
            catch (Exception e) when (tries < Tries && e is ConcurrencyException)
            {
                // A look at it, or a deployment, was written at this moment: decide again.
            }
        }
    }

    private static async Task LetGoAsync(Domain domain, App app, DomainLook look, ILogger log, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            await look.LetGoAsync(domain, app, patience.Token);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("Domain {Domain} is removed, but the edge has not let go of it yet: {Reason}", domain.Host, e.Message);
        }
    }
}
