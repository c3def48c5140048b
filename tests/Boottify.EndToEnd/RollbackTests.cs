namespace Boottify.EndToEnd;

public sealed class RollbackTests(Platform platform, ITestOutputHelper output)
{
    [Fact]
    public async Task A_release_that_never_gets_ready_is_rolled_back_and_no_visitor_notices()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), "Rolled back");
        await app.SetVariableAsync("GREETING", "hello");
        var first = await app.PushAsync();
        first.Status.Should().Be("succeeded", first.Error);
        await using var visitors = new Visitors(app);

        await app.SetVariableAsync("GREETING", "goodbye");
        var second = await app.PushAsync(TestApps.NeverReady("The database at db.example is missing"));
        var visits = await visitors.LeaveAsync();
        output.WriteLine($"{visits.Requests} requests, {visits.Failures.Count} failed; {second.Error}");

        second.Status.Should().Be("rolledBack");
        second.Error.Should().Contain("ready").And.Contain("503", "that is what its health check answered");
        (await app.LogAsync(second.Id)).Should().Contain(line => line.EndsWith("The database at db.example is missing", StringComparison.Ordinal), "these were the pod's last words");
        visits.Failures.Should().BeEmpty();
        visits.Answers.Keys.Should().Equal("one hello");
        visits.Requests.Should().BeGreaterThan(200);
        await app.ShouldServeAsync(first, "one hello");
    }

    [Fact]
    public async Task Returning_to_an_earlier_release_brings_back_its_code_and_its_environment()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), "Returned");
        await app.SetVariableAsync("GREETING", "hello");
        var first = await app.PushAsync();
        first.Release.Should().Be(1, first.Error);
        await app.SetVariableAsync("GREETING", "goodbye");
        var second = await app.PushAsync(TestApps.Serving("two"));
        second.Release.Should().Be(2, second.Error);
        (await app.GetStringAsync()).Should().Be("two goodbye");

        await using var visitors = new Visitors(app);
        var third = await app.EndOfAsync(await app.RequestAsync("rollback", new { release = 1 }));
        await using var later = new Visitors(app);
        await Task.Delay(TimeSpan.FromSeconds(3), Platform.Deadline());
        (await later.LeaveAsync()).Answers.Keys.Should().Equal(["one hello"], "from its success on nobody gets the release before, whoever still asks");
        var visits = await visitors.LeaveAsync();
        output.WriteLine($"{visits.Requests} requests, {visits.Failures.Count} failed");

        third.Status.Should().Be("succeeded", third.Error);
        third.Release.Should().Be(3);
        third.Steps.Should().NotContain(step => step.Name == "build", "its image is kept");
        visits.Failures.Should().BeEmpty();
        visits.Answers.Keys.Should().BeSubsetOf(["two goodbye", "one hello"], "no mixture of two releases is ever served");
        await app.ShouldServeAsync(first, "one hello");
    }
}
