using Boottify.Builds;
using Boottify.Logs;

namespace Boottify.Deployments;

public static class FinalizeDeploymentHandler
{
    /// <summary>Releases whose images stay, to return to.</summary>
    public const int KeptReleases = 5;

    /// <summary>Well below the step's deadline, which would make the deployment fail.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>The app serves by now, so nothing that goes wrong in here makes the deployment fail.</summary>
    public static async Task<StepFigures> Handle(
        FinalizeDeployment command, StepInputs inputs, IImageBuilder builder, ILogger<FinalizeDeployment> log, CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            await builder.CleanUpAsync(input.Deployment.Id, await inputs.BuildAsync(input, patience.Token), removeImage: false, patience.Token);
            foreach (var digest in Outdated(input))
                await builder.DeleteImageAsync(input.App.Names.ImageRepository, digest, patience.Token);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("Cleaning up behind deployment {Deployment}: {Reason}", input.Deployment.Id, e.Message);
            await input.Log.WriteAsync(LogOrigin.System, "Old images could not be removed; that is tried again with the next deployment.", cancellation);
        }

        return new StepFigures();
    }

    /// <summary>Digests of releases that fall out of the kept ones now, unless a kept one has the same image.</summary>
    private static IEnumerable<string> Outdated(StepInput input)
    {
        var releases = input.Current.Releases;
        var kept = releases.TakeLast(KeptReleases - 1).Select(r => r.ImageDigest)
            .Append(input.Target?.ImageDigest ?? input.Deployment.Figures.ImageDigest).ToHashSet(StringComparer.Ordinal);
        return releases.SkipLast(KeptReleases - 1).Select(r => r.ImageDigest).Distinct(StringComparer.Ordinal).Where(d => !kept.Contains(d)).TakeLast(3);
    }
}
