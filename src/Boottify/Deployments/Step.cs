namespace Boottify.Deployments;

/// <summary>The seven steps in their order, and the one that puts things back.</summary>
public enum Step
{
    Validate,
    Build,
    Push,
    Provision,
    Check,
    Publish,
    Finalize,

    /// <summary>Runs when a step has failed for good or the deployment is cancelled: puts the last good release back, removes what was made.</summary>
    Rollback,
}

public enum StepStatus
{
    Pending,
    Running,
    Succeeded,
    Failed,
}

public enum DeploymentStatus
{
    Queued,
    Validating,
    Building,
    Pushing,
    Provisioning,
    Checking,
    Publishing,
    Finalizing,
    Succeeded,
    Failed,
    RolledBack,
    Cancelled,
    Superseded,
}

public static class Steps
{
    /// <summary>A deployment that builds.</summary>
    public static IReadOnlyList<Step> OfPush { get; } =
        [Step.Validate, Step.Build, Step.Push, Step.Provision, Step.Check, Step.Publish, Step.Finalize];

    /// <summary>A deployment that returns to an image that is there already.</summary>
    public static IReadOnlyList<Step> OfRollback { get; } =
        [Step.Validate, Step.Provision, Step.Check, Step.Publish, Step.Finalize];

    public static DeploymentStatus StatusWhile(Step step) => step switch
    {
        Step.Validate => DeploymentStatus.Validating,
        Step.Build => DeploymentStatus.Building,
        Step.Push => DeploymentStatus.Pushing,
        Step.Provision => DeploymentStatus.Provisioning,
        Step.Check => DeploymentStatus.Checking,
        Step.Publish => DeploymentStatus.Publishing,
        _ => DeploymentStatus.Finalizing,
    };
}
