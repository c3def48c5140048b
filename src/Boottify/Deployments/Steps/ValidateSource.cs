using Boottify.Builds;

namespace Boottify.Deployments;

public static class ValidateSourceHandler
{
    /// <summary>Reads only, apart from the deployment's workspace; running it again fetches the same commit.</summary>
    public static async Task<StepFigures> Handle(ValidateSource command, StepInputs inputs, IImageBuilder builder, CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        if (input.Current.DeletionRequestedAt is not null)
            throw new StepException("The app is being deleted.");
        if (input.Deployment.ToRelease is { } number)
        {
            var target = input.Target ?? throw new StepException($"There is no release {number} to return to. GET /api/apps/{input.App.Id}/releases lists them.");
            if (!input.Current.Releases.TakeLast(FinalizeDeploymentHandler.KeptReleases).Contains(target))
                throw new StepException($"The image of release {number} is not kept any more: newer releases came while this waited. GET /api/apps/{input.App.Id}/releases lists those that are.");
            return new StepFigures { AppVersion = target.AppVersion, ImageReference = target.ImageReference, ImageDigest = target.ImageDigest };
        }

        var plan = await builder.InspectAsync(await inputs.BuildAsync(input, cancellation), input.Log, cancellation);
        return new StepFigures { AppVersion = input.Current.Version, Template = plan.Template, PackageManager = plan.PackageManager };
    }
}
