using Boottify.Deployments.Queue;
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
    StepJournal journal, DeploymentLogs logs, Wakeups wakeups, IServiceScopeFactory scopes, Node node, TimeProvider time, ILogger<DeploymentRunner> log)
{
    /// <param name="built">Called when its build is over, so that the node may start another one.</param>
    /// <param name="lost">Cancelled when the lease is gone or the node stops.</param>
    public async Task RunAsync(Claim claim, Action built, CancellationToken lost)
    {
        await using var output = await logs.OpenAsync(claim.DeploymentId, lost);
        while (true)
        {
            var deployment = await journal.LoadAsync(claim.DeploymentId, lost);
            if (deployment.LastStep is { Step: Step.Build, Status: StepStatus.Succeeded } or { Step: > Step.Build })
                built();

            try
            {
                if (!await GoOnAsync(deployment, claim, output, lost))
                    return;
            }
            catch (ConcurrencyException)
            {
                // A request to cancel may come between the look and the write: decide again. Another node's step ends this run.
                if ((await journal.LoadAsync(claim.DeploymentId, lost)).LastStep != deployment.LastStep)
                    throw;
            }
        }
    }

    /// <returns>Whether there is more to do.</returns>
    private async Task<bool> GoOnAsync(Deployment deployment, Claim claim, DeploymentLog output, CancellationToken lost)
    {
        switch (NextStep.After(deployment, time.GetUtcNow()))
        {
            case Decision.Run run:
                await WaitUntilAsync(run.NotBefore, deployment, lost);
                await RunStepAsync(run, deployment, claim, output, lost);
                return true;
            case Decision.End end:
                await output.FlushAsync(lost);
                await journal.EndAsync(deployment, end.Event, lost);
                return false;
            default:
                await journal.ForgetAsync(deployment.Id, lost);
                return false;
        }
    }

    private async Task RunStepAsync(Decision.Run run, Deployment deployment, Claim claim, DeploymentLog output, CancellationToken lost)
    {
        var started = await journal.StartAsync(deployment, run, node.Name, claim, lost);
        output.Enter(run.Step, await logs.RedactorAsync(deployment.AppId, lost));
        var since = time.GetTimestamp();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(lost);
        deadline.CancelAfter(Steps.Deadline(run.Step));
        var cancelled = run.Step == Step.Rollback ? Task.CompletedTask : CancelOnRequestAsync(deployment.Id, deadline);

        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var bus = scope.ServiceProvider.GetRequiredService<IMessageBus>();
            var figures = await bus.InvokeAsync<StepFigures>(StepCommands.For(run.Step, deployment.Id), deadline.Token, Steps.Deadline(run.Step));
            await output.FlushAsync(lost);
            await journal.SucceedAsync(started, figures, time.GetElapsedTime(since), lost);
        }
        catch (Exception e) when (e is not LostDeploymentException && !lost.IsCancellationRequested && !output.Lost)
        {
            await FailAsync(started, e, deadline.IsCancellationRequested, time.GetElapsedTime(since), output, lost);
        }
        finally
        {
            await deadline.CancelAsync();
            await cancelled.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FailAsync(StartedStep started, Exception e, bool stopped, TimeSpan took, DeploymentLog output, CancellationToken lost)
    {
        var deployment = await journal.LoadAsync(started.DeploymentId, lost);
        var cancelled = deployment.CancelledBy is not null && started.Step != Step.Rollback;
        var error = e switch
        {
            _ when cancelled => "Cancelled.",
            StepException => e.Message,
            _ when stopped => $"The step {started.Name} did not end within {Steps.Deadline(started.Step).TotalMinutes:0} minutes.",
            _ => $"{started.Name}: {e.Message}",
        };
        error = output.Redact(error);
        var retry = !cancelled && e is not StepException && !stopped && started.Attempt < NextStep.MostAttempts;
        // Putting things back is repeated whatever went wrong, but not in a hurry.
        var again = retry || started.Step == Step.Rollback ? time.GetUtcNow() + NextStep.Backoff(started.Attempt, Random.Shared.NextDouble()) : (DateTimeOffset?)null;
        if (e is not StepException)
            log.LogWarning("Deployment {Deployment}, {Step}, attempt {Attempt}: {Reason}", started.DeploymentId, started.Name, started.Attempt, output.Redact(e.ToString()));
        await output.WriteAsync(LogOrigin.System, retry ? $"{error} Trying again." : error, lost);
        await output.FlushAsync(lost);
        await journal.FailAsync(started, error, retry, again, took, lost);
    }

    private async Task WaitUntilAsync(DateTimeOffset? notBefore, Deployment deployment, CancellationToken lost)
    {
        using var wakeup = wakeups.Subscribe(deployment.Id);
        while (notBefore - time.GetUtcNow() is { Ticks: > 0 } left)
        {
            if (await wakeup.WaitAsync(left, lost) && (await journal.LoadAsync(deployment.Id, lost)).CancelledBy != deployment.CancelledBy)
                return;
        }
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
