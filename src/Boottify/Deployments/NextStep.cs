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
    /// <summary>Attempts at one step, crashed ones included, before the deployment is given up.</summary>
    public const int MostAttempts = 8;

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
            { Status: StepStatus.Succeeded } => Following(deployment, last.Step),
            { Status: StepStatus.Failed, Retry: false } => new Decision.Run(Step.Rollback, 1),
            _ when last.Attempt >= MostAttempts => new Decision.Run(Step.Rollback, 1),
            { Status: StepStatus.Failed } => new Decision.Run(last.Step, last.Attempt + 1, last.NextAttempt),
            // Started and never heard of again: whoever ran it is gone.
            _ => new Decision.Run(last.Step, last.Attempt + 1),
        };
    }

    /// <summary>How long to wait after a failed attempt: 1, 2, 4 … 30 s, and up to half as much again by chance.</summary>
    public static TimeSpan Backoff(int attempt, double chance) =>
        TimeSpan.FromSeconds(Math.Min(30, Math.Pow(2, attempt - 1)) * (1 + (chance / 2)));

    private static Decision Following(Deployment deployment, Step step)
    {
        var plan = deployment.Plan;
        var next = plan.Index().First(s => s.Item == step).Index + 1;
        // The last step's success is recorded together with the end, so there is always one that follows.
        return new Decision.Run(plan[next], 1);
    }

    private static Decision AfterRollback(Deployment deployment, StepState rollback, DateTimeOffset now)
    {
        if (rollback.Status != StepStatus.Succeeded && rollback.Attempt < MostAttempts)
            return new Decision.Run(Step.Rollback, rollback.Attempt + 1, rollback.NextAttempt);

        var error = deployment.Error ?? GaveUp(deployment);
        if (rollback.Status != StepStatus.Succeeded)
            return new Decision.End(new DeploymentFailed($"{error} Putting the previous release back failed too: {rollback.Error ?? "its node was lost each time"}", now));
        if (deployment.CancelledBy is { } by)
            return new Decision.End(new DeploymentCancelled(by, now));
        return deployment.Figures.RestoredRelease is { } release
            ? new Decision.End(new DeploymentRolledBack(error, release, now))
            : new Decision.End(new DeploymentFailed(error, now));
    }

    private static string GaveUp(Deployment deployment)
    {
        var step = deployment.Steps.FindLast(s => s.Step != Step.Rollback);
        var name = step?.Step.ToString().ToLowerInvariant();
        return step?.Error is { } error
            ? $"The step {name} failed {step.Attempt} times, last with: {error}"
            : $"The step {name} was started {step?.Attempt} times and never finished: the node that ran it was lost each time.";
    }
}
