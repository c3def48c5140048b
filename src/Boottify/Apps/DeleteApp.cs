using Boottify.Access;
using Boottify.Platform;
using JasperFx;
using Marten;

namespace Boottify.Apps;

public static class DeleteApp
{
    private const int Tries = 10;

    public static void Map(IEndpointRouteBuilder api) => api.MapDelete("/apps/{app}", HandleAsync).Needs(Role.Owner).WithName("DeleteApp");

    /// <summary>Answers once the wish is durable; the app answers 404 once every trace of it is gone. Asked again, it is looked at again at once.</summary>
    private static async Task<IResult> HandleAsync(string app, HttpContext context, IDocumentStore store, TimeProvider time)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await RequestAsync(app, Caller.Of(context).Name, store, time.GetUtcNow(), context.RequestAborted);
                return Results.Accepted($"/api/apps/{app}", new { id = app, status = "deleting" });
            }
            catch (Exception e) when (tries < Tries && e is ConcurrencyException)
            {
                // Something else was written for this app at the same moment, maybe the same wish: decide again.
            }
        }
    }

    private static async Task RequestAsync(string app, string by, IDocumentStore store, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        var stream = await session.Events.FetchForWriting<App>(app, cancellation);
        if (stream.Aggregate is { DeletedAt: not null })
            return;
        if (stream.Aggregate is { DeletionRequestedAt: null })
            stream.AppendOne(new AppDeletionRequested(by, now));
        var removal = await session.LoadAsync<AppRemoval>(app, cancellation) ?? new AppRemoval { Id = app };
        session.Store(removal with { NextAt = now });
        Wakeups.Announce(session, Wakeups.Removals);
        await session.SaveChangesAsync(cancellation);
    }
}
