namespace Boottify.EndToEnd;

/// <summary>Cancelled in each state: a deployment of an app that serves already.</summary>
public sealed class CancelLaterTests(Platform platform, ITestOutputHelper output)
{
    private readonly Cancellation cancellation = new(platform, output);

    [Theory]
    [MemberData(nameof(DeploymentState.All), MemberType = typeof(DeploymentState))]
    public async Task Of_a_later_deployment_nothing_is_left_and_the_release_before_serves_all_the_time(string state)
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), $"Kept while {state}");
        var serving = await app.PushAsync();
        serving.Status.Should().Be("succeeded", serving.Error);
        var (words, objects) = ("one", await Traces.WorkloadAsync(app));

        for (var tries = 1; tries <= Cancellation.Tries; tries++)
        {
            await app.Source.CommitAsync(DeploymentState.Code(state, $"next {tries}"));
            await using var visitors = new Visitors(app);
            var cancelled = await cancellation.IfAsync(app, state);
            var visits = await visitors.LeaveAsync();
            visits.Failures.Should().BeEmpty();
            if (cancelled is null)
            {
                if ((await app.DeploymentsAsync())[0] is { Status: "succeeded" } newer)
                    (serving, words, objects) = (newer, $"next {tries}", await Traces.WorkloadAsync(app));
                continue;
            }

            output.WriteLine($"{state}: {visits.Requests} requests, {visits.Failures.Count} failed; answers: {string.Join(", ", visits.Answers.Keys)}");
            (await Traces.OfDeploymentAsync(app, cancelled.Id, app.Source.Head)).Should().BeEmpty();
            (await Traces.WorkloadAsync(app)).Should().Be(objects, "every object is as it was");
            (await Traces.HasAddressAsync(app.Host)).Should().BeTrue();
            await app.ShouldServeAsync(serving, words);
            await using var later = new Visitors(app);
            await Task.Delay(TimeSpan.FromSeconds(1), Platform.Deadline());
            (await later.LeaveAsync()).Answers.Keys.Should().Equal([words], "once it says cancelled, nobody gets the cancelled one");
            return;
        }

        Assert.Fail($"No deployment was met while {state} in {Cancellation.Tries} tries.");
    }
}
