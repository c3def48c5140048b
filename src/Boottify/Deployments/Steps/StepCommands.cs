namespace Boottify.Deployments;

/// <summary>Checks that there is something to deploy, and fixes which environment and settings it is deployed with.</summary>
public sealed record ValidateSource(string DeploymentId);

public sealed record BuildImage(string DeploymentId);

public sealed record PushImage(string DeploymentId);

public sealed record ProvisionApp(string DeploymentId);

public sealed record CheckRollout(string DeploymentId);

public sealed record PublishApp(string DeploymentId);

/// <summary>Cleans up behind a deployment that serves. The release itself is recorded with this step's success.</summary>
public sealed record FinalizeDeployment(string DeploymentId);

/// <summary>Puts the last good release back and removes what this deployment made.</summary>
public sealed record RestoreRelease(string DeploymentId);

/// <summary>The command behind each step.</summary>
public static class StepCommands
{
    public static object For(Step step, string deploymentId) => step switch
    {
        Step.Validate => new ValidateSource(deploymentId),
        Step.Build => new BuildImage(deploymentId),
        Step.Push => new PushImage(deploymentId),
        Step.Provision => new ProvisionApp(deploymentId),
        Step.Check => new CheckRollout(deploymentId),
        Step.Publish => new PublishApp(deploymentId),
        Step.Finalize => new FinalizeDeployment(deploymentId),
        Step.Rollback => new RestoreRelease(deploymentId),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "Not a step."),
    };
}
