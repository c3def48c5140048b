using Boottify.Apps;
using Boottify.Deployments.Queue;
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
public sealed class StepJournal(IDocumentStore store, TimeProvider time)
{
    public async Task<Deployment> LoadAsync(string deploymentId, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<Deployment>(deploymentId, cancellation)
            ?? throw new LostDeploymentException(deploymentId);
    }

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

    /// <summary>Records success. For the last step this also makes the release and ends the deployment, all in one transaction.</summary>
    public Task SucceedAsync(StartedStep step, StepFigures figures, TimeSpan took, CancellationToken cancellation)
    {
        var succeeded = new StepSucceeded(step.Step, step.Attempt, step.Node, time.GetUtcNow(), (long)took.TotalMilliseconds, figures);
        return step.Step == Step.Finalize
            ? WhileMineAsync(step, deployment => ReleaseAsync(deployment, succeeded, cancellation), cancellation)
            : WhileMineAsync(step, deployment => AppendAsync(deployment, [succeeded], cancellation), cancellation);
    }

    public Task FailAsync(StartedStep step, string error, bool retry, DateTimeOffset? next, TimeSpan took, CancellationToken cancellation)
    {
        var failed = new StepFailed(step.Step, step.Attempt, step.Node, time.GetUtcNow(), (long)took.TotalMilliseconds, error, retry, next);
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

    private async Task ReleaseAsync(Deployment deployment, StepSucceeded succeeded, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        var stream = await session.Events.FetchForWriting<App>(deployment.AppId, cancellation);
        var app = stream.Aggregate ?? throw new LostDeploymentException(deployment.Id);
        var source = app.Releases.Find(r => r.Number == deployment.ToRelease);
        var release = new Release(
            (app.CurrentRelease?.Number ?? 0) + 1,
            deployment.Id,
            deployment.Commit,
            source?.ImageReference ?? deployment.Figures.ImageReference ?? throw new InvalidOperationException("A deployment was finalized without an image."),
            source?.ImageDigest ?? deployment.Figures.ImageDigest ?? "",
            source?.RunAsRoot ?? deployment.Figures.RunsAsRoot ?? false,
            source?.AppVersion ?? deployment.Figures.AppVersion ?? app.Version,
            succeeded.At)
        {
            RolledBackTo = deployment.ToRelease,
        };
        stream.AppendOne(new ReleaseRecorded(release));
        session.Events.Append(deployment.Id, deployment.Version + 2, succeeded, new DeploymentSucceeded(release.Number, succeeded.At));
        WorkQueue.Remove(session, deployment.Id);
        await SaveAsync(session, deployment.Id, cancellation);
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
    /// written after it; a start by another node does.
    /// </summary>
    private async Task WhileMineAsync(StartedStep step, Func<Deployment, Task> write, CancellationToken cancellation)
    {
        for (var tries = 0; ; tries++)
        {
            var deployment = await LoadAsync(step.DeploymentId, cancellation);
            if (deployment.LastStep is not { Status: StepStatus.Running } last
                || last.Step != step.Step || last.Attempt != step.Attempt || !string.Equals(last.Node, step.Node, StringComparison.Ordinal))
                throw new LostDeploymentException(step.DeploymentId);
            try
            {
                await write(deployment);
                return;
            }
            catch (ConcurrencyException) when (tries < 5)
            {
                // Something came between the look and the write; look again.
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
