using Boottify.Deployments.Queue;
using Boottify.Domains;
using Boottify.Logs;
using Boottify.Platform;
using JasperFx;
using Marten;

namespace Boottify.Deployments;

/// <summary>An attempt at a step that this node has recorded as started.</summary>
public sealed record StartedStep(string DeploymentId, Step Step, int Attempt, string Node)
{
    public string Name => Step.ToString().ToLowerInvariant();
}

/// <summary>
/// Writes what becomes of steps. Every write is against the version that its decision was made on; of two nodes that both
/// believe to run a step, one is refused here, with <see cref="LostDeploymentException"/>.
/// </summary>
public sealed class StepJournal(IDocumentStore store, ReleaseRecorder releases, TimeProvider time)
{
    public Task<Deployment> LoadAsync(string deploymentId, CancellationToken cancellation) => DatabaseFaults.OutlastAsync(
        async () =>
        {
            await using var session = store.QuerySession();
            return await session.LoadAsync<Deployment>(deploymentId, cancellation) ?? throw new LostDeploymentException(deploymentId);
        },
        time,
        cancellation);

    /// <summary>Records the start, if the claim still holds: a node that was paused may not take the step from the one that took over.</summary>
    public async Task<StartedStep> StartAsync(Deployment deployment, Decision.Run run, string node, Claim claim, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        WorkQueue.Require(session, claim, node);
        session.Events.Append(deployment.Id, deployment.Version + 1, new StepStarted(run.Step, run.Attempt, node, time.GetUtcNow()));
        try
        {
            await SaveAsync(session, deployment.Id, cancellation);
        }
        catch (Exception e) when (WorkQueue.IsLost(e))
        {
            throw new LostDeploymentException(deployment.Id, e);
        }

        return new StartedStep(deployment.Id, run.Step, run.Attempt, node);
    }

    /// <summary>
    /// Records success, and the start of the step that follows in the same commit: that is one wait for the database's disk less
    /// between any two. For the last step this makes the release and ends the deployment, all in one transaction; unless somebody
    /// was promised by then that it is cancelled.
    /// </summary>
    /// <returns>The step that was started; null if something else comes next.</returns>
    public async Task<StartedStep?> SucceedAsync(StartedStep step, StepFigures figures, TimeSpan took, Claim claim, DeploymentLog log, CancellationToken cancellation)
    {
        var succeeded = new StepSucceeded(step.Step, step.Attempt, step.Node, time.GetUtcNow(), (long)took.TotalMilliseconds, figures);
        var told = new HashSet<string>(StringComparer.Ordinal);
        StartedStep? next = null;
        var found = await WhileMineAsync(
            step,
            async deployment =>
            {
                if (step.Step == Step.Finalize && deployment.CancelledBy is null)
                    await releases.RecordAsync(deployment, succeeded, log, told, cancellation);
                else if (step.Step == Step.Finalize)
                    await EndCancelledAsync(deployment);
                else if (NextStep.After(deployment.Apply(succeeded), succeeded.At) is Decision.Run { NotBefore: null } run)
                    next = await GoOnAsync(deployment, succeeded, run, claim, cancellation);
                else
                    await AppendAsync(deployment, [succeeded], cancellation);
            },
            cancellation);
        return found?.LastStep is { Status: StepStatus.Running } started ? new StartedStep(found.Id, started.Step, started.Attempt, started.Node) : next;

        async Task EndCancelledAsync(Deployment deployment)
        {
            if (told.Count > 0)
                await log.WriteAsync(LogOrigin.System, "It was cancelled at this moment, so the app's domains stay as they are.", cancellation);
            told.Clear();
            await AppendAsync(deployment, [succeeded], cancellation);
        }
    }

    public Task FailAsync(
        StartedStep step, string error, bool retry, DateTimeOffset? next, Step? from, TimeSpan took, CancellationToken cancellation)
    {
        var failed = new StepFailed(step.Step, step.Attempt, step.Node, time.GetUtcNow(), (long)took.TotalMilliseconds, error, retry, next, from);
        return WhileMineAsync(step, deployment => AppendAsync(deployment, [failed], cancellation), cancellation);
    }

    public async Task EndAsync(Deployment deployment, object end, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        session.Events.Append(deployment.Id, deployment.Version + 1, end);
        WorkQueue.Remove(session, deployment.Id);
        await SaveAsync(session, deployment.Id, cancellation);
    }

    /// <summary>Removes a row of the queue whose deployment has ended.</summary>
    public async Task ForgetAsync(string deploymentId, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        WorkQueue.Remove(session, deploymentId);
        await session.SaveChangesAsync(cancellation);
    }

    private async Task<StartedStep?> GoOnAsync(
        Deployment deployment, StepSucceeded succeeded, Decision.Run run, Claim claim, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        WorkQueue.Require(session, claim, succeeded.Node);
        session.Events.Append(deployment.Id, deployment.Version + 2, succeeded, new StepStarted(run.Step, run.Attempt, succeeded.Node, succeeded.At));
        try
        {
            await SaveAsync(session, deployment.Id, cancellation);
            return new StartedStep(deployment.Id, run.Step, run.Attempt, succeeded.Node);
        }
        catch (Exception e) when (WorkQueue.IsLost(e))
        {
            // The claim is gone, but nobody has started anything yet: what was done still counts for whoever goes on.
            await AppendAsync(deployment, [succeeded], cancellation);
            return null;
        }
    }

    private async Task AppendAsync(Deployment deployment, object[] events, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        session.Events.Append(deployment.Id, deployment.Version + events.Length, events);
        await SaveAsync(session, deployment.Id, cancellation);
    }

    private static async Task SaveAsync(IDocumentSession session, string deploymentId, CancellationToken cancellation)
    {
        Wakeups.Announce(session, deploymentId);
        await session.SaveChangesAsync(cancellation);
    }

    /// <summary>
    /// A request to cancel may land in the stream while a step runs. That does not make the step's result wrong, so it is
    /// written after it; a start by another node does. A result outlasts a restart of the database: the work behind it may
    /// have taken minutes.
    /// </summary>
    /// <returns>The deployment as it was found, if the result was in it already: it was committed, and the answer got lost.</returns>
    private async Task<Deployment?> WhileMineAsync(StartedStep step, Func<Deployment, Task> write, CancellationToken cancellation)
    {
        for (var tries = 0; ; tries++)
        {
            var deployment = await LoadAsync(step.DeploymentId, cancellation);
            var (mine, last) = (deployment.Of(step.Step), deployment.LastStep);
            if (mine.Attempt != step.Attempt || !string.Equals(mine.Node, step.Node, StringComparison.Ordinal) || !string.Equals(last?.Node, step.Node, StringComparison.Ordinal))
                throw new LostDeploymentException(step.DeploymentId);
            // Only this node writes what becomes of its attempt.
            if (mine.Status != StepStatus.Running)
                return tries > 0 ? deployment : throw new LostDeploymentException(step.DeploymentId);
            try
            {
                await write(deployment);
                return null;
            }
            catch (Exception e) when (tries < 20 && (e is ConcurrencyException || DomainTable.IsTaken(e) || DatabaseFaults.IsAway(e)) && !cancellation.IsCancellationRequested)
            {
                // Something came between the look and the write, or the database is away; look again.
                if (DatabaseFaults.IsAway(e))
                    await Task.Delay(TimeSpan.FromMilliseconds(200 + Random.Shared.Next(100)), time, cancellation);
            }
        }
    }
}

/// <summary>Another node runs this deployment now; whatever was done here does not count.</summary>
public sealed class LostDeploymentException : Exception
{
    public LostDeploymentException(string deploymentId)
        : base($"Deployment {deploymentId} is not this node's any more.")
    {
    }

    public LostDeploymentException()
    {
    }

    public LostDeploymentException(string deploymentId, Exception inner)
        : base($"Deployment {deploymentId} is not this node's any more.", inner)
    {
    }
}
