using Boottify.Access;
using Marten;
using Wolverine.Marten;

namespace Boottify.Apps;

public static class DeleteApp
{
    public static void Map(IEndpointRouteBuilder api) => api.MapDelete("/apps/{app}", HandleAsync).Needs(Role.Owner).WithName("DeleteApp");

    /// <summary>Answers once the wish is durable; the app answers 404 once every trace of it is gone.</summary>
    private static async Task<IResult> HandleAsync(string app, HttpContext context, IDocumentSession session, IMartenOutbox outbox, TimeProvider time)
    {
        var cancellation = context.RequestAborted;
        outbox.Enroll(session);
        var stream = await session.Events.FetchForWriting<App>(app, cancellation);
        if (stream.Aggregate is { DeletionRequestedAt: null })
            stream.AppendOne(new AppDeletionRequested(Caller.Of(context).Name, time.GetUtcNow()));
        // Asked again, it sets the removal going again: harmless beside one that still runs, and a way on for one that got lost.
        await outbox.PublishAsync(new RemoveApp(app));
        await session.SaveChangesAsync(cancellation);

        return Results.Accepted($"/api/apps/{app}", new { id = app, status = "deleting" });
    }
}
