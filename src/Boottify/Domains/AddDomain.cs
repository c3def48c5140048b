using Boottify.Access;
using Boottify.Apps;
using Boottify.Platform;
using JasperFx;
using Marten;

namespace Boottify.Domains;

/// <param name="Host">A full name, such as <c>shop.example.com</c>, in any spelling.</param>
public sealed record AddDomain(string? Host)
{
    private const int Tries = 10;

    /// <summary>With the database, and with those who are before in line.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/apps/{app}/domains", HandleAsync).Needs(Role.Developer).WithName("AddDomain");

    /// <summary>As <see cref="AddAsync"/>, and 503 where the database takes too long. Nothing outside of it is waited for.</summary>
    private static async Task<IResult> HandleAsync(
        string app, AddDomain command, HttpContext context, IDocumentStore store, DomainTable table, DomainViews views, DomainClaims claims, PlatformSettings platform, AddingTurns turns)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(Patience);
        try
        {
            return await AddAsync(app, command, Caller.Of(context).Name, store, table, views, claims, platform, turns, patience.Token);
        }
        catch (Exception) when (patience.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            context.Response.Headers.RetryAfter = "5";
            return Results.Problem(
                "The database took too long, so it is not known whether the name was added: GET /api/apps/{app}/domains tells. Sending the request again does no harm.",
                statusCode: StatusCodes.Status503ServiceUnavailable, title: "Not available now");
        }
    }

    /// <summary>201 with the records to set; 200 with the domain as it is where the app has it already.</summary>
    private static async Task<IResult> AddAsync(
        string app, AddDomain command, string caller, IDocumentStore store, DomainTable table, DomainViews views, DomainClaims claims, PlatformSettings platform, AddingTurns turns,
        CancellationToken cancellation)
    {
        if (!DomainName.TryParse(command.Host, platform, out var host, out var problem))
            return Problems.Invalid(problem);
        for (var tries = 1; ; tries++)
        {
            try
            {
                // Before the first connection is taken: holding one and the app's lock, it asks on further ones, and many at once would hold them all.
                using var mine = await turns.TakeAsync(cancellation);
                await using var session = store.LightweightSession();
                // Locks the app's stream: no two requests count its domains at once, and none comes in while it is being deleted.
                var stream = await session.Events.FetchForExclusiveWriting<App>(app, cancellation);
                if (stream.Aggregate is not { DeletionRequestedAt: null } owner)
                    return Problems.Conflict("The app is being deleted.");
                var before = await session.LoadAsync<Domain>(Domain.IdOf(owner.TeamId, host), cancellation);
                if (before is { RemovedAt: null } && string.Equals(before.AppId, app, StringComparison.Ordinal))
                    return Results.Ok(await views.OfAsync(owner, before, cancellation));
                if (await claims.RefusalAsync(owner, host, before, (await table.OfAppAsync(app, cancellation)).Count, cancellation) is { } refusal)
                    return refusal.Full ? Problems.Unprocessable(refusal.Reason) : Problems.Conflict(refusal.Reason);

                var domain = claims.Begin(session, owner, host, before, caller);
                Wakeups.Announce(session, Wakeups.Domains);
                await session.SaveChangesAsync(cancellation);
                return Results.Created($"/api/apps/{app}/domains/{host}", await views.OfAsync(owner, domain, cancellation));
            }
            catch (Exception e) when (tries < Tries && (e is ConcurrencyException || DomainTable.IsTaken(e)))
            {
                // The same name was added or removed at this moment: decide again.
            }
        }
    }
}

/// <summary>So many names are added at once on a node.</summary>
public sealed class AddingTurns() : Turns(4);
