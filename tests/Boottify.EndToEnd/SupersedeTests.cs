namespace Boottify.EndToEnd;

public sealed class SupersedeTests(Platform platform)
{
    [Fact]
    public async Task Of_the_pushes_that_come_while_one_runs_only_the_newest_is_deployed()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Ticking(), "Superseded");
        var running = await app.AnnounceAsync();
        await app.UntilLineAsync(running, "tick 1");

        var waiting = new List<string>();
        for (var version = 2; version <= 4; version++)
        {
            await app.Source.CommitAsync(TestApps.Serving($"version {version}"));
            waiting.Add(await app.AnnounceAsync());
        }

        for (var older = 0; older < 2; older++)
        {
            var superseded = await app.EndOfAsync(waiting[older]);
            superseded.Status.Should().Be("superseded");
            superseded.SupersededBy.Should().Be(waiting[older + 1]);
            superseded.Steps.Should().OnlyContain(step => step.StartedAt == null);
            await app.UntilAsync(waiting[older], e => e.Type == "end" && e.Data.GetProperty("supersededBy").GetString() == waiting[older + 1]);
        }

        (await app.DeploymentAsync(waiting[2])).Status.Should().Be("queued", "one deployment of an app runs at a time");
        (await app.DeploymentAsync(running)).Status.Should().Be("building", "what runs is left alone");
        await app.CancelAsync(running);
        var newest = await app.EndOfAsync(waiting[2]);
        newest.Status.Should().Be("succeeded", newest.Error);
        (await app.GetStringAsync()).Should().Be("version 4");
    }
}
