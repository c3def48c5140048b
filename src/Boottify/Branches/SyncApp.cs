using Boottify.Access;
using Boottify.Apps;
using Boottify.Deployments;
using Marten;

namespace Boottify.Branches;

/// <summary>Compares an app's branch with what has arrived, now; deploys its head if that was missed.</summary>
public static class SyncApp
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/apps/{app}/sync", HandleAsync).Needs(Role.Developer).WithName("SyncApp");

    /// <summary>202 with the new deployment; 200 with the one that stands for the head, where it has arrived.</summary>
    private static async Task<IResult> HandleAsync(
        string app, HttpContext context, IDocumentStore store, BranchReader reader, BranchHeads heads, Arrivals arrivals, Reconciliation reconciliation, LookSchedule schedule)
    {
        var cancellation = context.RequestAborted;
        await using var session = store.QuerySession();
        if (await session.LoadAsync<App>(app, cancellation) is not { DeletionRequestedAt: null } target)
            return Problems.Conflict("The app is being deleted.");

        string head;
        try
        {
            head = await reader.HeadAsync(target, target.Repository.Branch, cancellation);
        }
        catch (StepException e)
        {
            await heads.FailedAsync(app, e.Message, LookSchedule.AfterFailure(1, Random.Shared.NextDouble()), cancellation);
            return Problems.Unprocessable(e.Message);
        }

        var accepted = await arrivals.StandingAsync(app, head, cancellation) switch
        {
            HeadStanding.Arrived arrived => new Accepted(arrived.Deployment, Duplicate: true),
            HeadStanding.Displaced displaced => await reconciliation.AgainAsync(target, displaced.Deployment, cancellation),
            _ => await reconciliation.TakeInAsync(target, head, Caller.Of(context).Name, cancellation),
        };
        await heads.SeenAsync(app, head, schedule.Next(Random.Shared.NextDouble()), cancellation);
        var deployment = DeploymentAccepted.Of(accepted.Deployment);
        return accepted.Duplicate
            ? Results.Ok(new BranchCurrent("current", head, target.Repository.Branch, deployment))
            : Results.Accepted($"/api/deployments/{deployment.Id}", deployment);
    }
}

/// <param name="Status"><c>current</c>: the head has arrived.</param>
/// <param name="Deployment">The deployment that stands for it, whatever became of it.</param>
public sealed record BranchCurrent(string Status, string Commit, string Branch, DeploymentAccepted Deployment);
