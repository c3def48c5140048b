using Boottify.Deployments;

namespace Boottify.Tests.Deployments;

public class NextStepTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void A_new_deployment_starts_with_validate() =>
        After(Requested()).Should().Be(new Decision.Run(Step.Validate, 1));

    [Fact]
    public void The_steps_follow_each_other_in_their_order()
    {
        var deployment = Requested();
        foreach (var step in Steps.OfPush.SkipLast(1))
        {
            After(deployment).Should().Be(new Decision.Run(step, 1));
            deployment = Succeeded(Started(deployment, step), step);
        }

        After(deployment).Should().Be(new Decision.Run(Step.Finalize, 1));
    }

    [Fact]
    public void A_rollback_builds_and_pushes_nothing()
    {
        var deployment = Requested(toRelease: 3);
        deployment = Succeeded(Started(deployment, Step.Validate), Step.Validate);
        After(deployment).Should().Be(new Decision.Run(Step.Provision, 1));
    }

    [Fact]
    public void A_step_whose_node_is_gone_runs_again() =>
        After(Started(Requested(), Step.Validate, attempt: 2)).Should().Be(new Decision.Run(Step.Validate, 3));

    [Fact]
    public void A_passing_fault_is_tried_again_after_its_wait()
    {
        var deployment = Failed(Started(Requested(), Step.Validate), Step.Validate, retry: true);
        After(deployment).Should().Be(new Decision.Run(Step.Validate, 2, Now.AddSeconds(1)));
    }

    [Fact]
    public void A_step_that_never_finishes_ends_the_deployment_with_the_reason()
    {
        var deployment = Enumerable.Range(1, NextStep.MostLost).Aggregate(Requested(), (d, attempt) => Started(d, Step.Validate, attempt));
        After(deployment).Should().Be(new Decision.Run(Step.Rollback, 1));
        deployment = Succeeded(Started(deployment, Step.Rollback), Step.Rollback);
        After(deployment).Should().BeOfType<Decision.End>().Which.Event.Should().BeOfType<DeploymentFailed>()
            .Which.Error.Should().Contain("validate").And.Contain("never finished");
    }

    [Fact]
    public void A_fault_is_taken_for_a_lasting_one_only_after_eight_attempts_and_ten_minutes()
    {
        var since = Now - NextStep.Patience;
        After(Failing(attempt: 8, since: Now.AddMinutes(-9))).Should().Be(new Decision.Run(Step.Build, 9, Now.AddSeconds(1)));
        After(Failing(attempt: 2, since)).Should().Be(new Decision.Run(Step.Build, 3, Now.AddSeconds(1)));
        After(Failing(attempt: 8, since)).Should().Be(new Decision.Run(Step.Rollback, 1));

        static Deployment Failing(int attempt, DateTimeOffset since) =>
            Fail(Started(Fail(Started(Requested(), Step.Build), 1, since), Step.Build, attempt), attempt, Now);

        static Deployment Fail(Deployment deployment, int attempt, DateTimeOffset at) =>
            deployment.Apply(new StepFailed(Step.Build, attempt, "n", at, 1, "away", true, Now.AddSeconds(1)));
    }

    [Fact]
    public void An_image_that_is_gone_is_built_again_and_then_pushed_again_but_not_for_ever()
    {
        var deployment = Started(Succeeded(Started(Requested(), Step.Build), Step.Build), Step.Push);
        for (var attempt = 1; attempt < NextStep.MostAttempts; attempt++)
        {
            deployment = deployment.Apply(new StepFailed(Step.Push, attempt, "n", Now, 1, "gone", true, null, Step.Build));
            After(deployment).Should().Be(new Decision.Run(Step.Build, attempt + 1));
            deployment = Started(deployment, Step.Build, attempt + 1).Apply(new StepSucceeded(Step.Build, attempt + 1, "n", Now, 1, new StepFigures { ImageId = "new" }));
            After(deployment).Should().Be(new Decision.Run(Step.Push, attempt + 1));
            deployment = Started(deployment, Step.Push, attempt + 1);
        }

        deployment = deployment.Apply(new StepFailed(Step.Push, NextStep.MostAttempts, "n", Now, 1, "gone", true, null, Step.Build));
        After(deployment).Should().Be(new Decision.Run(Step.Rollback, 1));
    }

    [Fact]
    public void A_failure_before_anything_was_touched_ends_as_failed()
    {
        var deployment = Failed(Started(Requested(), Step.Build), Step.Build, retry: false);
        After(deployment).Should().Be(new Decision.Run(Step.Rollback, 1));
        deployment = Succeeded(Started(deployment, Step.Rollback), Step.Rollback);
        After(deployment).Should().BeEquivalentTo(new Decision.End(new DeploymentFailed("it broke", Now)));
    }

    [Fact]
    public void A_failure_that_was_put_back_ends_as_rolled_back()
    {
        var deployment = Failed(Started(Requested(), Step.Check), Step.Check, retry: false);
        deployment = Started(deployment, Step.Rollback).Apply(
            new StepSucceeded(Step.Rollback, 1, "n", Now, 1, new StepFigures { RestoredRelease = 4 }));
        After(deployment).Should().BeEquivalentTo(new Decision.End(new DeploymentRolledBack("it broke", 4, Now)));
    }

    [Fact]
    public void A_rollback_that_cannot_be_done_says_both_reasons()
    {
        var deployment = Failed(Started(Requested(), Step.Check), Step.Check, retry: false);
        deployment = Started(deployment, Step.Rollback).Apply(new StepFailed(Step.Rollback, 1, "n", Now - NextStep.Patience, 1, "no cluster", false, null));
        deployment = Started(deployment, Step.Rollback, NextStep.MostAttempts).Apply(
            new StepFailed(Step.Rollback, NextStep.MostAttempts, "n", Now, 1, "no cluster", false, null));
        After(deployment).Should().BeOfType<Decision.End>().Which.Event.Should().BeOfType<DeploymentFailed>()
            .Which.Error.Should().Contain("it broke").And.Contain("no cluster");
    }

    [Fact]
    public void Cancelling_puts_things_back_first_and_then_says_cancelled()
    {
        var deployment = Succeeded(Started(Requested(), Step.Validate), Step.Validate).Apply(new CancellationRequested("ann", Now));
        After(deployment).Should().Be(new Decision.Run(Step.Rollback, 1));
        deployment = Succeeded(Started(deployment, Step.Rollback), Step.Rollback);
        After(deployment).Should().BeEquivalentTo(new Decision.End(new DeploymentCancelled("ann", Now)));
    }

    [Fact]
    public void Cancelling_while_a_failure_is_put_back_lets_that_go_on_and_names_both()
    {
        var failed = Failed(Started(Requested(), Step.Check), Step.Check, retry: false);
        var cancelled = Started(failed, Step.Rollback).Apply(new CancellationRequested("ann", Now));
        After(cancelled).Should().Be(new Decision.Run(Step.Rollback, 2), "its node may be gone, and it is not to stay half done");
        cancelled = cancelled.Apply(new StepSucceeded(Step.Rollback, 1, "n", Now, 1, new StepFigures { RestoredRelease = 4 }));
        Event(cancelled).Should().Be(new DeploymentCancelled("ann", Now)
        {
            Error = "it broke After that it was cancelled; release 4 was put back all the same.",
            ToRelease = 4,
        });
        var end = cancelled.Apply((DeploymentCancelled)Event(cancelled));
        (end.Status, end.CancelledBy).Should().Be((DeploymentStatus.Cancelled, "ann"));
        end.Error.Should().StartWith("it broke");

        var nothingThere = Succeeded(Started(failed.Apply(new CancellationRequested("ann", Now)), Step.Rollback), Step.Rollback);
        Event(nothingThere).Should().Be(new DeploymentCancelled("ann", Now) { Error = "it broke After that it was cancelled." });
    }

    [Fact]
    public void Cancelling_one_whose_node_was_lost_each_time_names_that_too()
    {
        var lost = Enumerable.Range(1, NextStep.MostLost).Aggregate(Requested(), (d, attempt) => Started(d, Step.Validate, attempt));
        var cancelled = Succeeded(Started(lost, Step.Rollback).Apply(new CancellationRequested("ann", Now)), Step.Rollback);
        Event(cancelled).Should().BeOfType<DeploymentCancelled>().Which.Error.Should().Contain("never finished").And.Contain("cancelled");
    }

    [Fact]
    public void Cancelling_what_was_going_well_is_no_failure_whatever_its_step_said_when_it_was_stopped()
    {
        var stopped = Failed(Started(Requested(), Step.Check).Apply(new CancellationRequested("ann", Now)), Step.Check, retry: false);
        stopped = Started(stopped.Apply(new CancellationRequested("bob", Now)), Step.Rollback).Apply(
            new StepSucceeded(Step.Rollback, 1, "n", Now, 1, new StepFigures { RestoredRelease = 4 }));
        Event(stopped).Should().Be(new DeploymentCancelled("ann", Now) { ToRelease = 4 });

        var retrying = Failed(Started(Requested(), Step.Build), Step.Build, retry: true).Apply(new CancellationRequested("ann", Now));
        Event(Succeeded(Started(retrying, Step.Rollback), Step.Rollback)).Should().Be(new DeploymentCancelled("ann", Now), "it would have been tried again");
    }

    [Fact]
    public void A_rollback_that_cannot_be_done_fails_with_both_reasons_though_it_was_cancelled()
    {
        var deployment = Started(Failed(Started(Requested(), Step.Check), Step.Check, retry: false), Step.Rollback).Apply(new CancellationRequested("ann", Now));
        deployment = deployment.Apply(new StepFailed(Step.Rollback, 1, "n", Now - NextStep.Patience, 1, "no cluster", false, null));
        deployment = Started(deployment, Step.Rollback, NextStep.MostAttempts).Apply(new StepFailed(Step.Rollback, NextStep.MostAttempts, "n", Now, 1, "no cluster", false, null));
        Event(deployment).Should().BeOfType<DeploymentFailed>().Which.Error.Should().Contain("it broke").And.Contain("no cluster");
    }

    [Fact]
    public void Cancelling_before_the_start_ends_at_once() =>
        After(Requested().Apply(new CancellationRequested("ann", Now))).Should().BeEquivalentTo(new Decision.End(new DeploymentCancelled("ann", Now)));

    [Fact]
    public void An_ended_deployment_needs_nothing() =>
        After(Requested().Apply(new DeploymentSuperseded("other", Now))).Should().Be(new Decision.Nothing());

    [Fact]
    public void Waits_double_up_to_ten_seconds_and_vary()
    {
        NextStep.Backoff(1, 0).Should().Be(TimeSpan.FromSeconds(1));
        NextStep.Backoff(3, 0).Should().Be(TimeSpan.FromSeconds(4));
        NextStep.Backoff(30, 0).Should().Be(TimeSpan.FromSeconds(10));
        NextStep.Backoff(30, 1).Should().Be(TimeSpan.FromSeconds(15));
    }

    private static Decision After(Deployment deployment) => NextStep.After(deployment, Now);

    private static object Event(Deployment deployment) => After(deployment).Should().BeOfType<Decision.End>().Which.Event;

    private static Deployment Requested(int? toRelease = null) => Deployment.Create(new DeploymentRequested(
        "d1", "a1", "App", "t1", "c0ffee", "main", null, Trigger.Push, "ann", null, toRelease, Now));

    private static Deployment Started(Deployment deployment, Step step, int attempt = 1) => deployment.Apply(new StepStarted(step, attempt, "n", Now));

    private static Deployment Succeeded(Deployment deployment, Step step) =>
        deployment.Apply(new StepSucceeded(step, 1, "n", Now, 1, new StepFigures()));

    private static Deployment Failed(Deployment deployment, Step step, bool retry) =>
        deployment.Apply(new StepFailed(step, 1, "n", Now, 1, "it broke", retry, retry ? Now.AddSeconds(1) : null));
}
