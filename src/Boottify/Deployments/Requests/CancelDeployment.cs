using Boottify.Access;
using Boottify.Deployments.Queue;
using Boottify.Platform;
using JasperFx;
using Marten;

namespace Boottify.Deployments;

public static class CancelDeployment
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/deployments/{deployment}/cancel", HandleAsync).Needs(Role.Developer).WithName("CancelDeployment");

    private static async Task<IResult> HandleAsync(string deployment, HttpContext context, Cancellations cancellations)
    {
        var cancelled = await cancellations.RequestAsync(deployment, Caller.Of(context).Name, context.RequestAborted);
        return cancelled is { Ended: true, Status: not DeploymentStatus.Cancelled } or { CancelledBy: null }
            ? Problems.Conflict("This deployment has ended already. To put an earlier release back: POST /api/apps/{app}/rollback.")
            : Results.Accepted($"/api/deployments/{deployment}", DeploymentAccepted.Of(cancelled));
    }
}

/// <summary>Asks deployments to stop. Whoever runs one stops its work, puts things back, and then says that it is cancelled.</summary>
public sealed class Cancellations(IDocumentStore store, TimeProvider time)
{
    public async Task<Deployment> RequestAsync(string deploymentId, string by, CancellationToken cancellation)
    {
        while (true)
        {
            await using var session = store.LightweightSession();
            var deployment = await session.LoadAsync<Deployment>(deploymentId, cancellation) ?? throw new LostDeploymentException(deploymentId);
            if (deployment.Ended || deployment.CancelledBy is not null)
                return deployment;

            var now = time.GetUtcNow();
            // One that still waits has nothing to stop: it ends here and now.
            object[] events = deployment.LastStep is null
                ? [new CancellationRequested(by, now), new DeploymentCancelled(by, now)]
                : [new CancellationRequested(by, now)];
            session.Events.Append(deployment.Id, deployment.Version + events.Length, events);
            if (deployment.LastStep is null)
                WorkQueue.Remove(session, deployment.Id);
            Wakeups.Announce(session, deployment.Id);
            try
            {
                await session.SaveChangesAsync(cancellation);
                return deployment with { CancelledBy = by, Status = deployment.LastStep is null ? DeploymentStatus.Cancelled : deployment.Status };
            }
            catch (ConcurrencyException)
            {
                // It moved on while this was decided; decide again.
            }
        }
    }
}
