using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Domains;
using Boottify.Logs;

namespace Boottify.Deployments;

public static class FinalizeDeploymentHandler
{
    /// <summary>Releases whose images stay, to return to. Housekeeping removes the others.</summary>
    public const int KeptReleases = 5;

    /// <summary>Well below the step's deadline, which would make the deployment fail.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>
    /// The app serves by now, so nothing that goes wrong in here makes the deployment fail. What does not depend on each other
    /// goes side by side.
    /// </summary>
    public static async Task<StepFigures> Handle(
        FinalizeDeployment command, StepInputs inputs, IImageBuilder builder, ICluster cluster, DomainReturn domains, ILogger<FinalizeDeployment> log,
        CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        await Task.WhenAll(
            TryAsync("Old environments could not be removed; that is tried again with the next deployment.", async token =>
                await cluster.PruneAsync(await inputs.WorkloadAsync(input, token), token, inputs.FenceOf(input))),
            TryAsync("The build's leftovers could not all be removed; housekeeping does that later.", token => builder.CleanUpAsync(input.Deployment.Id, token)),
            !input.Deployment.ReturnsDomains ? Task.CompletedTask : TryAsync("The edge has not let go yet of all domains that are to come back.", token => domains.AwaitLetGoAsync(input.Deployment, token)));
        return new StepFigures();

        async Task TryAsync(string otherwise, Func<CancellationToken, Task> action)
        {
            try
            {
                await action(patience.Token);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                log.LogWarning("Cleaning up behind deployment {Deployment}: {Reason}", input.Deployment.Id, e.Message);
                await input.Log.WriteAsync(LogOrigin.System, otherwise, cancellation);
            }
        }
    }
}
