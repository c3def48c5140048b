namespace Boottify.EndToEnd;

public sealed class CancelTests(Platform platform, ITestOutputHelper output)
{
    [Fact]
    public async Task Cancelling_a_build_stops_it_and_leaves_nothing_of_it()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Ticking(), "Cancelled build");
        var deployment = await app.AnnounceAsync();
        await app.UntilLineAsync(deployment, "tick 2");
        (await CommandLine.BuildContainersAsync(deployment)).Should().NotBeEmpty();

        await app.CancelAsync(deployment);
        (await app.EndOfAsync(deployment)).Status.Should().Be("cancelled");
        // It says so only once it is true.
        (await CommandLine.BuildContainersAsync(deployment)).Should().BeEmpty();
        (await CommandLine.KubectlAsync("get", "namespace", app.Namespace, "--ignore-not-found", "--output", "name")).Should().BeEmpty();
        (await CommandLine.DockerAsync("images", "--quiet", "--filter", $"reference=*/apps/{app.Id}:{deployment}")).Should().BeEmpty();
        (await app.DeploymentsAsync()).Should().ContainSingle();
    }

    [Fact]
    public async Task Cancelling_while_a_second_release_is_checked_leaves_the_first_one_serving_all_the_time()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), "Cancelled check");
        var first = await app.PushAsync();
        first.Status.Should().Be("succeeded", first.Error);
        await using var visitors = new Visitors(app);

        await app.Source.CommitAsync(TestApps.NeverReady("waiting for a database"));
        var second = await app.AnnounceAsync();
        await app.UntilStepAsync(second, "check");
        await app.CancelAsync(second);
        (await app.EndOfAsync(second)).Status.Should().Be("cancelled");

        var visits = await visitors.LeaveAsync();
        output.WriteLine($"{visits.Requests} requests, {visits.Failures.Count} failed");
        visits.Failures.Should().BeEmpty();
        visits.Answers.Keys.Should().Equal("one");
        (await CommandLine.KubectlAsync("get", "deployment", "app", "--namespace", app.Namespace, "--output", "jsonpath={.spec.template.spec.containers[0].image}"))
            .Should().EndWith(first.Image!.Digest);
    }
}
