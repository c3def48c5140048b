using System.Security.Cryptography;
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

    private const string Held =
        "This name is in use on this platform already, so it cannot be added. If it is yours: remove the TXT record of whoever uses it, _boottify.<name>, from its zone. They lose the name after a while, and it can be added then.";

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/apps/{app}/domains", HandleAsync).Needs(Role.Developer).WithName("AddDomain");

    /// <summary>As <see cref="AddAsync"/>, and 503 where the database takes too long. Nothing outside of it is waited for.</summary>
    private static async Task<IResult> HandleAsync(
        string app, AddDomain command, HttpContext context, IDocumentStore store, DomainTable table, DomainViews views, DomainSettings settings, PlatformSettings platform, AddingTurns turns, TimeProvider time)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(Patience);
        try
        {
            return await AddAsync(app, command, Caller.Of(context).Name, store, table, views, settings, platform, turns, time, patience.Token);
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
        string app, AddDomain command, string caller, IDocumentStore store, DomainTable table, DomainViews views, DomainSettings settings, PlatformSettings platform, AddingTurns turns, TimeProvider time,
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
                var id = Domain.IdOf(owner.TeamId, host);
                var before = await session.LoadAsync<Domain>(id, cancellation);
                if (before is { RemovedAt: null })
                {
                    return string.Equals(before.AppId, app, StringComparison.Ordinal)
                        ? Results.Ok(await views.OfAsync(owner, before, cancellation))
                        : Problems.Conflict($"Your team's app {before.AppId} has this name. Remove it there first: DELETE /api/apps/{before.AppId}/domains/{host}.");
                }

                if (await table.IsHeldByOthersAsync(host, id, cancellation))
                    return Problems.Conflict(Held);
                if (await table.FindAsync(id, cancellation) is not null)
                    return Problems.Conflict("This name was removed a moment ago, and the edge still lets go of it. Add it again in some seconds.");
                if ((await table.OfAppAsync(app, cancellation)).Count >= settings.MostPerApp)
                    return Problems.Unprocessable($"The app has {settings.MostPerApp} domains, which is the most that one may have. Remove one, or ask whoever runs this platform for more.");

                var added = new DomainAdded(
                    host, app, owner.TeamId, $"boottify-verification={RandomNumberGenerator.GetHexString(40, lowercase: true)}", caller, time.GetUtcNow());
                if (before is null)
                    session.Events.StartStream<Domain>(id, added);
                else
                    session.Events.Append(id, before.Version + 1, added);
                var domain = Domain.Create(added);
                DomainTable.Add(session, domain);
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
