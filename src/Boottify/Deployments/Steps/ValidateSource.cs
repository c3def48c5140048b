using Boottify.Branches;
using Boottify.Builds;

namespace Boottify.Deployments;

public static class ValidateSourceHandler
{
    /// <summary>Reads only, apart from the deployment's workspace; running it again fetches the same commit.</summary>
    public static async Task<StepFigures> Handle(
        ValidateSource command, StepInputs inputs, IImageBuilder builder, LatePushes latePushes, ILogger<ValidateSource> log, CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        if (input.Current.DeletionRequestedAt is not null)
            throw new StepException("The app is being deleted.");
        if (input.Deployment.ToRelease is { } number)
        {
            var target = input.Target ?? throw new StepException($"There is no release {number} to return to. GET /api/apps/{input.App.Id}/releases lists them.");
            if (!input.Current.Releases.TakeLast(FinalizeDeploymentHandler.KeptReleases).Contains(target))
                throw new StepException($"The image of release {number} is not kept any more: newer releases came while this waited. GET /api/apps/{input.App.Id}/releases lists those that are.");
            if (!await builder.HasImageAsync(input.App.Names.ImageRepository, target.ImageDigest, cancellation))
                throw new StepException(target.GoneWords(input.App.Id));
            return new StepFigures { AppVersion = target.AppVersion, ImageReference = target.ImageReference, ImageDigest = target.ImageDigest };
        }

        // Side by side: asking where the branch is takes no longer than fetching the commit.
        var request = await inputs.BuildAsync(input, cancellation);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var inspection = builder.InspectAsync(request, input.Log, late.Token);
        try
        {
            if (await latePushes.SuccessorAsync(input, cancellation) is { } newer)
            {
                await StopAsync(inspection, late);
                await CleanUpAsync(builder, request, log, cancellation);
                return new StepFigures { SupersededBy = newer };
            }

            var plan = await inspection;
            return new StepFigures { AppVersion = input.Current.Version, Template = plan.Template, PackageManager = plan.PackageManager };
        }
        finally
        {
            await StopAsync(inspection, late);
        }
    }

    private static async Task StopAsync(Task inspection, CancellationTokenSource late)
    {
        await late.CancelAsync();
        await inspection.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The deployment ends here, whatever this machine's engine says.</summary>
    private static async Task CleanUpAsync(IImageBuilder builder, BuildRequest request, ILogger log, CancellationToken cancellation)
    {
        try
        {
            await builder.CleanUpAsync(request.DeploymentId, cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("Cleaning up behind deployment {Deployment}: {Reason}", request.DeploymentId, e.Message);
        }
    }
}
