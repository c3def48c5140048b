using System.Net;

namespace Boottify.EndToEnd;

/// <summary>Cancelled in the queue, twice, too late, in a rollback.</summary>
public sealed class CancelStateTests(Platform platform, ITestOutputHelper output)
{
    private readonly Cancellation cancellation = new(platform, output);

    [Fact]
    public async Task One_that_waits_ends_at_once_and_what_runs_is_left_alone()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Ticking(), "Cancelled in the queue");
        var running = await app.AnnounceAsync();
        await app.UntilLineAsync(running, "tick 1");
        await app.Source.CommitAsync(TestApps.Serving("never"));
        var waiting = await app.AnnounceAsync();
        var queued = await app.DeploymentAsync(waiting);
        queued.Status.Should().Be("queued");
        queued.WaitingFor.Should().Contain(running);

        await app.CancelAsync(waiting);
        var cancelled = await app.DeploymentAsync(waiting);
        cancelled.Status.Should().Be("cancelled");
        cancelled.Steps.Should().OnlyContain(step => step.StartedAt == null);
        cancelled.WaitingFor.Should().BeNull();
        (await app.DeploymentAsync(running)).Status.Should().Be("building");
        await app.CancelAsync(running);
        (await app.EndOfAsync(running)).Status.Should().Be("cancelled");
    }

    [Fact]
    public async Task Cancelling_twice_is_cancelling_once_and_what_has_ended_otherwise_cannot_be_cancelled()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Ticking(), "Cancelled twice");
        var first = await app.AnnounceAsync();
        await app.UntilLineAsync(first, "tick 1");
        await app.CancelAsync(first);
        await app.CancelAsync(first);
        (await app.EndOfAsync(first)).Status.Should().Be("cancelled");
        await app.CancelAsync(first);
        (await DeploymentState.EventsAsync(platform, first)).Count(e => e.Type == "CancellationRequested").Should().Be(1);

        var second = await app.PushAsync(TestApps.Serving("one"));
        second.Status.Should().Be("succeeded", second.Error);
        using var late = await platform.Api.PostAsync($"api/deployments/{second.Id}/cancel", null, Platform.Deadline());
        (await late.ReadAsync<Problem>(HttpStatusCode.Conflict)).Detail.Should().Contain("rollback");
        await app.ShouldServeAsync(second, "one");
    }

    [Fact]
    public async Task One_that_is_being_rolled_back_already_ends_as_cancelled_once_the_release_before_serves()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), "Cancelled in its rollback");
        var first = await app.PushAsync();
        first.Status.Should().Be("succeeded", first.Error);

        await app.Source.CommitAsync(TestApps.Crashing("console.error('no such table')"));
        var second = await app.AnnounceAsync();
        await app.UntilStepAsync(second, "rollback");
        await app.CancelAsync(second);
        (await app.EndOfAsync(second)).Status.Should().Be("cancelled");
        (await Traces.OfDeploymentAsync(app, second, app.Source.Head)).Should().BeEmpty();
        await app.ShouldServeAsync(first, "one");
    }

    [Theory]
    [InlineData("provisioning")]
    [InlineData("checking")]
    [InlineData("publishing")]
    public async Task A_return_to_an_earlier_release_can_be_cancelled_as_well_and_keeps_both_images(string state)
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), "Cancelled return");
        var first = await app.PushAsync();
        var serving = await app.PushAsync(TestApps.Serving("two"));
        serving.Status.Should().Be("succeeded", serving.Error);

        for (var tries = 1; tries <= Cancellation.Tries; tries++)
        {
            if (await cancellation.IfAsync(app, state, () => app.RequestAsync("rollback", new { release = 1 })) is { } cancelled)
            {
                (await CommandLine.KubectlAsync("get", "replicasets,pods", "--namespace", app.Namespace, "--output", "json")).Should().NotContain(cancelled.Id);
                await app.ShouldServeAsync(serving, "two");
                (await Traces.TagsAsync($"apps/{app.Id}")).Should().Contain([first.Id, serving.Id], "both releases can still be returned to");
                return;
            }

            if ((await app.DeploymentsAsync())[0].Status == "succeeded")
                (await app.EndOfAsync(await app.RequestAsync("rollback", new { release = 2 }))).Status.Should().Be("succeeded");
        }

        Assert.Fail($"No deployment was met while {state} in {Cancellation.Tries} tries.");
    }
}
