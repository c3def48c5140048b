using Boottify.Builds;

namespace Boottify.Deployments;

public static class PushImageHandler
{
    /// <summary>Layers that the registry has already are not sent again, so repeating it is cheap and gives the same digest.</summary>
    public static async Task<StepFigures> Handle(PushImage command, StepInputs inputs, IImageBuilder builder, CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        var request = await inputs.BuildAsync(input, cancellation) with { ImageId = input.Deployment.Figures.ImageId };
        var image = await builder.PushAsync(request, input.Log, cancellation);
        return new StepFigures { ImageReference = image.Reference, ImageDigest = image.Digest };
    }
}
