using Boottify.Builds;
using Boottify.Deployments.Queue;
using Boottify.Housekeeping;
using Boottify.Logs;
using Boottify.Platform;
using JasperFx;
using Wolverine;

namespace Boottify.Deployments;

/// <summary>
/// Carries one claimed deployment to its end: asks <see cref="NextStep"/>, has Wolverine run the step's command, records the
/// result, and asks again. It keeps nothing that the streams do not hold, so another node can go on from any point.
/// </summary>
public sealed class DeploymentRunner(
    StepJournal journal, StepDeadlines deadlines, DeploymentLogs logs, IImageBuilder images, Wakeups wakeups, IServiceScopeFactory scopes, Node node, TimeProvider time,
    ILogger<DeploymentRunner> log)
{
    /// <summary>What a step gets to stop in after its cancellation; one that does not heed it is left to itself then.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(40);

    /// <summary>The same for a node that has lost the deployment or stops: others wait for it.</summary>
    private static readonly TimeSpan HurriedGrace = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    /// <param name="room">Of the node, for others once its build is over, or while it waits.</param>
    /// <param name="lost">Cancelled when the lease is gone or the node stops.</param>
    public async Task RunAsync(Claim claim, Room room, CancellationToken lost)
    {
        if (claim.Claims > NextStep.MostClaims)
        {
            await GiveUpAsync(claim, lost);
            return;
        }

        await using var output = await logs.OpenAsync(claim.DeploymentId, lost);
        try
        {
            await RunStepsAsync(claim, output, room, lost);
        }
        finally
        {
            // Whoever goes on with it has a workspace of its own.
            images.Leave(claim.DeploymentId);
        }
    }

    private async Task RunStepsAsync(Claim claim, DeploymentLog output, Room room, CancellationToken lost)
    {
        StartedStep? started = null;
        while (true)
        {
            var seen = started is null ? await journal.LoadAsync(claim.DeploymentId, lost) : null;
            // One whose Git server is away holds up nobody else's build; it takes part again when it gets there.
            if (started?.Step > Step.Build || seen?.LastStep is { Step: Step.Build, Status: StepStatus.Succeeded } or { Step: > Step.Build } or { Status: StepStatus.Failed })
                room.LeaveBuild();

            try
            {
                if (seen is not null && (started = await StartAsync(seen, claim, output, room, lost)) is null)
                    return;
                started = await RunStepAsync(started!, claim, output, room, lost);
            }
            catch (ConcurrencyException)
            {
                // A request to cancel may come between the look and the write: decide again. Another node's step ends this run.
                if (seen is null || (await journal.LoadAsync(claim.DeploymentId, lost)).LastStep != seen.LastStep)
                    throw;
                started = null;
            }
        }
    }

    /// <summary>Steps count their attempts; what fails before any step is started, or between two, would be taken up for ever.</summary>
    private async Task GiveUpAsync(Claim claim, CancellationToken lost)
    {
        var deployment = await journal.LoadAsync(claim.DeploymentId, lost);
        if (deployment.Ended)
            await journal.ForgetAsync(deployment.Id, lost);
        else
            await journal.EndAsync(deployment, new DeploymentFailed($"Boottify took it up {NextStep.MostClaims} times and could not go on with it. The control plane's log says why; deploy again once that is mended.", time.GetUtcNow()), lost);
    }

    /// <returns>The step that was started; null when there is nothing more to do.</returns>
    private async Task<StartedStep?> StartAsync(Deployment deployment, Claim claim, DeploymentLog output, Room room, CancellationToken lost)
    {
        switch (NextStep.After(deployment, time.GetUtcNow()))
        {
            case Decision.Run run:
                await WaitUntilAsync(run.NotBefore, deployment, room, lost);
                return await journal.StartAsync(deployment, run, node.Name, claim, lost);
            case Decision.End end:
                await output.FlushAsync(lost);
                await journal.EndAsync(deployment, end.Event, lost);
                return null;
            default:
                await journal.ForgetAsync(deployment.Id, lost);
                return null;
        }
    }

    /// <returns>The step that was started with this one's success; null when it has to be decided what comes next.</returns>
    private async Task<StartedStep?> RunStepAsync(StartedStep started, Claim claim, DeploymentLog output, Room room, CancellationToken lost)
    {
        output.Enter(started.Step, await logs.RedactorAsync(claim.AppId, lost));
        var since = time.GetTimestamp();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(lost);
        var cancelled = started.Step == Step.Rollback ? Task.CompletedTask : CancelOnRequestAsync(started.DeploymentId, deadline);

        try
        {
            if (started.Step == Step.Build)
                await TakeBuildAsync(room, output, deadline.Token);
            since = time.GetTimestamp();
            deadline.CancelAfter(deadlines.Of(started.Step));
            await using var scope = scopes.CreateAsyncScope();
            var bus = scope.ServiceProvider.GetRequiredService<IMessageBus>();
            // Later than the deadline that counts, so that it never speaks first.
            var work = bus.InvokeAsync<StepFigures>(StepCommands.For(started.Step, started.DeploymentId), deadline.Token, deadlines.Of(started.Step) + Grace);
            var figures = await EndOfAsync(work, deadline.Token, lost);
            await output.FlushAsync(lost);
            return await journal.SucceedAsync(started, figures, time.GetElapsedTime(since), claim, output, lost);
        }
        catch (Exception e) when (e is not LostDeploymentException && !lost.IsCancellationRequested && !output.Lost)
        {
            await FailAsync(started, e, deadline.IsCancellationRequested, time.GetElapsedTime(since), output, lost);
            return null;
        }
        finally
        {
            await deadline.CancelAsync();
            await cancelled.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TakeBuildAsync(Room room, DeploymentLog output, CancellationToken cancellation)
    {
        var turn = room.TakeBuildAsync(cancellation);
        // The dispatcher may have one in its hand for a moment.
        if (await Task.WhenAny(turn, Task.Delay(Moment, time, cancellation)) != turn)
            await output.WriteAsync(LogOrigin.System, room.IsStopped ? StoppedBuilds.PlainWords : "Others have begun to build meanwhile: waiting for a free build slot.", CancellationToken.None);
        await turn;
    }

    /// <exception cref="TimeoutException">The work goes on though it was cancelled; whatever it still does is fenced as a lost node's is.</exception>
    private async Task<StepFigures> EndOfAsync(Task<StepFigures> work, CancellationToken stop, CancellationToken lost)
    {
        await ((Task)work).WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ((Task)work).WaitAsync(Grace, time, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await work.WaitAsync(HurriedGrace, time, CancellationToken.None);
    }

    private async Task FailAsync(StartedStep started, Exception e, bool stopped, TimeSpan took, DeploymentLog output, CancellationToken lost)
    {
        var deployment = await journal.LoadAsync(started.DeploymentId, lost);
        var cancelled = deployment.CancelledBy is not null && started.Step != Step.Rollback;
        var error = e switch
        {
            _ when cancelled => "Cancelled.",
            StepException or LostResultException => e.Message,
            _ when stopped => deadlines.Missed(started.Step),
            _ => $"{started.Name}: {e.Message}",
        };
        error = output.Redact(error);
        var now = time.GetUtcNow();
        var failed = deployment.Of(started.Step).Fail(new StepFailed(started.Step, started.Attempt, started.Node, now, 0, error, true, null));
        var retry = !cancelled && e is not StepException && !stopped && NextStep.MayTryAgain(failed);
        var from = retry ? (e as LostResultException)?.From : null;
        // Putting things back is repeated whatever went wrong, but not in a hurry.
        var again = (retry && from is null) || started.Step == Step.Rollback ? now + NextStep.Backoff(started.Attempt, Random.Shared.NextDouble()) : (DateTimeOffset?)null;
        if (e is not StepException)
            log.LogWarning("Deployment {Deployment}, {Step}, attempt {Attempt}: {Reason}", started.DeploymentId, started.Name, started.Attempt, output.Redact(e.ToString()));
        await output.WriteAsync(LogOrigin.System, !retry ? error : from is null ? $"{error} Trying again." : $"{error} The step {from.ToString()!.ToLowerInvariant()} runs again.", lost);
        await output.FlushAsync(lost);
        await journal.FailAsync(started, error, retry, again, from, took, lost);
    }

    private async Task WaitUntilAsync(DateTimeOffset? notBefore, Deployment deployment, Room room, CancellationToken lost)
    {
        using var wakeup = wakeups.Subscribe(deployment.Id);
        room.Rests = notBefore is not null;
        while (notBefore - time.GetUtcNow() is { Ticks: > 0 } left)
        {
            if (await wakeup.WaitAsync(left, lost) && (await journal.LoadAsync(deployment.Id, lost)).CancelledBy != deployment.CancelledBy)
                break;
        }

        room.Rests = false;
    }

    /// <summary>Stops the step as soon as somebody asks to cancel the deployment.</summary>
    private async Task CancelOnRequestAsync(string deploymentId, CancellationTokenSource step)
    {
        using var wakeup = wakeups.Subscribe(deploymentId);
        while (!step.IsCancellationRequested)
        {
            try
            {
                if ((await journal.LoadAsync(deploymentId, step.Token)).CancelledBy is not null)
                {
                    await step.CancelAsync();
                    return;
                }
            }
            catch (Exception e) when (!step.IsCancellationRequested)
            {
                log.LogWarning("Whether {Deployment} is to be cancelled cannot be read, trying again: {Reason}", deploymentId, e.Message);
            }

            await wakeup.WaitAsync(TimeSpan.FromSeconds(5), step.Token);
        }
    }
}
