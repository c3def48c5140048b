using Boottify.Access;
using Boottify.Apps;
using Marten;

namespace Boottify.Deployments;

/// <param name="Release">The release to return to; the one before the current one if left out.</param>
public sealed record RollBackApp(int? Release)
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/apps/{app}/rollback", HandleAsync).Needs(Role.Developer).WithName("RollBackApp");

    private static async Task<IResult> HandleAsync(string app, RollBackApp? command, HttpContext context, IDocumentStore store, DeploymentIntake intake)
    {
        var cancellation = context.RequestAborted;
        await using var session = store.QuerySession();
        var target = await session.LoadAsync<App>(app, cancellation);
        if (target is not { DeletionRequestedAt: null })
            return Problems.Conflict("The app is being deleted.");
        if (Choose(target, command?.Release) is not { } release)
            return Problems.Unprocessable(command?.Release is { } wanted
                ? $"Release {wanted} is not kept. GET /api/apps/{app}/releases lists those that are."
                : "There is no earlier release to return to.");

        var accepted = await intake.AcceptAsync(
            new DeploymentWish(target, release.Commit, "", $"Return to release {release.Number}", Trigger.Rollback, Caller.Of(context).Name, null, release.Number, []),
            cancellation);
        return Results.Accepted($"/api/deployments/{accepted.Deployment.Id}", DeploymentAccepted.Of(accepted.Deployment));
    }

    private static Release? Choose(App app, int? wanted)
    {
        var kept = app.Releases.TakeLast(FinalizeDeploymentHandler.KeptReleases).ToList();
        if (wanted is not null)
            return kept.Find(r => r.Number == wanted);
        // Going back twice goes back twice as far: start from where the current release came from.
        var current = app.CurrentRelease;
        var from = current?.RolledBackTo ?? current?.Number;
        return kept.FindLast(r => r.Number < from && r.RolledBackTo is null) ?? kept.FindLast(r => r.Number < from);
    }
}
