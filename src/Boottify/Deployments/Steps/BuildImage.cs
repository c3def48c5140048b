using Boottify.Builds;

namespace Boottify.Deployments;

public static class BuildImageHandler
{
    /// <summary>A crash leaves at most a container that the next attempt's clean-up removes; layers already built are reused.</summary>
    public static async Task<StepFigures> Handle(BuildImage command, StepInputs inputs, IImageBuilder builder, CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        var image = await builder.BuildAsync(await inputs.BuildAsync(input, cancellation), input.Log, cancellation);
        return new StepFigures { ImageId = image.ImageId, ImageSizeBytes = image.SizeBytes, RunsAsRoot = image.RunsAsRoot };
    }
}
