using Boottify.Builds;

namespace Boottify.Deployments;

public static class PushImageHandler
{
    /// <summary>Layers that the registry has already are not sent again, so repeating it is cheap and gives the same digest.</summary>
    public static async Task<StepFigures> Handle(PushImage command, StepInputs inputs, IImageBuilder builder, CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        var image = await builder.PushAsync(await inputs.BuildAsync(input, cancellation), input.Log, cancellation);
        return new StepFigures { ImageReference = image.Reference, ImageDigest = image.Digest };
    }
}
