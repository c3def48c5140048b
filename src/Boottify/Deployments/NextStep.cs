namespace Boottify.Deployments;

/// <summary>What to do with a deployment now.</summary>
public abstract record Decision
{
    /// <param name="NotBefore">Wait until then; null for at once.</param>
    public sealed record Run(Step Step, int Attempt, DateTimeOffset? NotBefore = null) : Decision;

    /// <summary>It is decided; this event closes the stream.</summary>
    public sealed record End(object Event) : Decision;

    /// <summary>It ended already.</summary>
    public sealed record Nothing : Decision;
}

/// <summary>
/// What comes next, as one pure function of a deployment's state. Whoever picks a deployment up, for the first time or after a
/// crash, asks this and needs to know nothing else. <c>Deployments/README.md</c> has it as a table.
/// </summary>
public static class NextStep
{
    /// <summary>Attempts at one step before a passing fault is taken for a lasting one, once <see cref="Patience"/> is over too.</summary>
    public const int MostAttempts = 8;

    /// <summary>Attempts at one step that took their node with them, before the deployment is given up.</summary>
    public const int MostLost = 8;

    /// <summary>
    /// How often a deployment may be taken up by a node before it is given up: more than its steps' attempts can add up to.
    /// </summary>
    public const int MostClaims = 100;

    /// <summary>How long a step may go on failing: a component that is restarted or moved is back by then.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static Decision After(Deployment deployment, DateTimeOffset now)
    {
        if (deployment.Ended)
            return new Decision.Nothing();

        var last = deployment.LastStep;
        if (last?.Step == Step.Rollback)
            return AfterRollback(deployment, last, now);
        if (deployment.CancelledBy is { } by)
            return last is null ? new Decision.End(new DeploymentCancelled(by, now)) : new Decision.Run(Step.Rollback, 1);

        return last switch
        {
            null => new Decision.Run(deployment.Plan[0], 1),
            { Step: Step.Validate, Status: StepStatus.Succeeded } when deployment.Figures.SupersededBy is { } newer =>
                new Decision.End(new DeploymentSuperseded(newer, now)),
            { Status: StepStatus.Succeeded } => Following(deployment, last.Step),
            { Status: StepStatus.Failed, Retry: false } => new Decision.Run(Step.Rollback, 1),
            { Status: StepStatus.Failed, RetryFrom: { } from } => GoBack(deployment, from),
            _ when !MayTryAgain(last) => new Decision.Run(Step.Rollback, 1),
            { Status: StepStatus.Failed } => new Decision.Run(last.Step, last.Attempt + 1, last.NextAttempt),
            // Started and never heard of again: whoever ran it is gone.
            _ => new Decision.Run(last.Step, last.Attempt + 1),
        };
    }

    /// <summary>Whether a step that failed, or is lost, is worth another attempt.</summary>
    public static bool MayTryAgain(StepState step) => step.Status == StepStatus.Running
        ? step.Lost + 1 < MostLost
        : step.Attempt < MostAttempts || step.FinishedAt - step.FailingSince < Patience;

    /// <summary>How long to wait after a failed attempt: 1, 2, 4 … 10 s, and up to half as much again by chance.</summary>
    public static TimeSpan Backoff(int attempt, double chance) =>
        TimeSpan.FromSeconds(Math.Min(10, Math.Pow(2, attempt - 1)) * (1 + (chance / 2)));

    private static Decision Following(Deployment deployment, Step step)
    {
        var plan = deployment.Plan;
        var next = plan.Index().First(s => s.Item == step).Index + 1;
        // The last step's success is recorded together with the end, so there is always one that follows.
        return new Decision.Run(plan[next], deployment.Of(plan[next]).Attempt + 1);
    }

    /// <summary>What the earlier step made is gone, with the machine that had it: it is made again.</summary>
    private static Decision GoBack(Deployment deployment, Step from)
    {
        var attempts = deployment.Of(from).Attempt;
        return new Decision.Run(attempts < MostAttempts ? from : Step.Rollback, attempts < MostAttempts ? attempts + 1 : 1);
    }

    private static Decision AfterRollback(Deployment deployment, StepState rollback, DateTimeOffset now)
    {
        if (rollback.Status != StepStatus.Succeeded && MayTryAgain(rollback))
            return new Decision.Run(Step.Rollback, rollback.Attempt + 1, rollback.NextAttempt);

        var error = deployment.Error ?? GaveUp(deployment);
        if (rollback.Status != StepStatus.Succeeded)
            return new Decision.End(new DeploymentFailed($"{error} Putting the previous release back failed too: {rollback.Error ?? "its node was lost each time"}", now));
        if (deployment.CancelledBy is { } by)
            return new Decision.End(new DeploymentCancelled(by, now) { Error = deployment.FailedBeforeCancel ? CancelledTooLate(error, deployment) : null, ToRelease = deployment.Figures.RestoredRelease });
        return deployment.Figures.RestoredRelease is { } release
            ? new Decision.End(new DeploymentRolledBack(error, release, now))
            : new Decision.End(new DeploymentFailed(error, now));
    }

    private static string CancelledTooLate(string error, Deployment deployment) => deployment.Figures.RestoredRelease is { } release
        ? $"{error} After that it was cancelled; release {release} was put back all the same."
        : $"{error} After that it was cancelled.";

    private static string GaveUp(Deployment deployment)
    {
        var step = deployment.Steps.FindLast(s => s.Step != Step.Rollback);
        var name = step?.Step.ToString().ToLowerInvariant();
        return step is { Status: StepStatus.Failed, Error: { } error }
            ? $"The step {name} failed {step.Attempt} times, last with: {error}"
            : $"The step {name} was started {step?.Attempt} times and never finished: the node that ran it was lost each time. If deploying again ends like this too, see what the control plane's log and its machine say of that time.";
    }
}
