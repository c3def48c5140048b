using Boottify.Access;
using Boottify.Apps;
using Boottify.Builds;
using Marten;

namespace Boottify.Deployments;

/// <param name="Commit">A commit, branch or tag; the branch's head if left out.</param>
/// <param name="Force">Deploy again even if the same commit is under way.</param>
public sealed record DeployApp(string? Commit, bool? Force)
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/apps/{app}/deployments", HandleAsync).Needs(Role.Developer).WithName("DeployApp");

    private static async Task<IResult> HandleAsync(
        string app, DeployApp? command, HttpContext context, IDocumentStore store, SecretsOfApp secrets, IImageBuilder builder, DeploymentIntake intake)
    {
        var cancellation = context.RequestAborted;
        await using var session = store.QuerySession();
        var target = await session.LoadAsync<App>(app, cancellation);
        if (target is not { DeletionRequestedAt: null })
            return Problems.Conflict("The app is being deleted.");

        string commit;
        try
        {
            var source = new SourceRepository(target.Repository.Url, await secrets.RepositoryTokenAsync(target, cancellation));
            commit = await builder.ResolveAsync(source, command?.Commit is { Length: > 0 } wanted ? wanted : target.Repository.Branch, cancellation);
        }
        catch (StepException e)
        {
            return Problems.Unprocessable(e.Message);
        }

        if (command?.Force != true && await UnderWayAsync(session, app, commit, cancellation) is { } running
            && (running.Figures.AppVersion is null || running.Figures.AppVersion == target.Version))
            return Results.Accepted($"/api/deployments/{running.Id}", DeploymentAccepted.Of(running));
        var accepted = await intake.AcceptAsync(
            new DeploymentWish(target, commit, target.Repository.Branch, null, Trigger.Manual, Caller.Of(context).Name, null, null, []), cancellation);
        return Results.Accepted($"/api/deployments/{accepted.Deployment.Id}", DeploymentAccepted.Of(accepted.Deployment));
    }

    private static Task<Deployment?> UnderWayAsync(IQuerySession session, string app, string commit, CancellationToken cancellation) =>
        session.Query<Deployment>()
            .Where(d => d.AppId == app && d.Commit == commit && d.FinishedAt == null && d.CancelledBy == null && d.ToRelease == null)
            .FirstOrDefaultAsync(cancellation);
}

/// <summary>What intake answers.</summary>
public sealed record DeploymentAccepted(string Id, DeploymentStatus Status, string Commit, string App)
{
    public static DeploymentAccepted Of(Deployment deployment) => new(deployment.Id, deployment.Status, deployment.Commit, deployment.AppId);
}
