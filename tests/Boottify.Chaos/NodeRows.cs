namespace Boottify.Chaos;

/// <summary>Nodes that are killed, replaced, or only seem dead.</summary>
public static class NodeRows
{
    private static readonly string[] Steps = ["validate", "build", "push", "provision", "check", "publish", "finalize"];

    public static IEnumerable<Row> All =>
    [
        .. Steps.Select(step => new Row("node, kill -9; another takes over", step, InShortForm: true, drill => KillAsync(drill, step), ResumesWithin: Row.Promise)),
        .. Steps.Select(step => new Row("only node, kill -9 and restart", step, InShortForm: step == "check", drill => RestartAsync(drill, step), ResumesWithin: Row.Promise)),
        new Row("node, paused for 12 s (a zombie)", "build", InShortForm: true, drill => PauseAsync(drill, "build"), ResumesWithin: Row.Promise),
        new Row("node, paused for 12 s (a zombie)", "provision", InShortForm: false, drill => PauseAsync(drill, "provision"), ResumesWithin: Row.Promise),
        new Row("node, SIGTERM (rolling update)", "build", InShortForm: true, drill => ReplaceAsync(drill, "build"), ResumesWithin: Row.Promise),
        new Row("node, SIGTERM (rolling update)", "check", InShortForm: false, drill => ReplaceAsync(drill, "check"), ResumesWithin: Row.Promise),
        new Row("node, kill -9 eight times (poison)", "build", InShortForm: false, PoisonAsync),
    ];

    private static async Task KillAsync(Drill drill, string step)
    {
        await drill.EnterAsync(step);
        drill.Mark();
        drill.Runner.Kill();
        drill.LetGo();
        await drill.UntilResumedAsync(elsewhere: true);
        (await drill.EndAsync()).Steps.Single(s => s.Name == step).Attempt.Should().BeGreaterThanOrEqualTo(2, "the lost attempt counts");
    }

    private static async Task RestartAsync(Drill drill, string step)
    {
        drill.Nodes.Remove(drill.Nodes.All[0]);
        await drill.EnterAsync(step);
        drill.Mark();
        drill.Runner.Kill();
        drill.LetGo();
        await drill.Nodes.AddAsync();
        await drill.UntilResumedAsync(elsewhere: true);
    }

    /// <summary>It goes on where it was, long after another one has taken over: nothing that it says counts.</summary>
    private static async Task PauseAsync(Drill drill, string step)
    {
        await drill.EnterAsync(step);
        var zombie = drill.Runner;
        drill.Mark();
        zombie.Pause();
        drill.LetGo();
        await drill.UntilResumedAsync(elsewhere: true);
        await Task.Delay(TimeSpan.FromSeconds(12 - Math.Min(12, drill.SecondsToResume!.Value)));
        zombie.Continue();
        await drill.EndAsync();
        // It has noticed, and has let go of what it held, too.
        await Task.Delay(TimeSpan.FromSeconds(3));
        zombie.IsAlive.Should().BeTrue();
    }

    private static async Task ReplaceAsync(Drill drill, string step)
    {
        await drill.Nodes.AddAsync();
        await drill.EnterAsync(step);
        var old = drill.Runner;
        drill.Mark();
        old.Terminate();
        await drill.UntilResumedAsync(elsewhere: true);
        (await old.EndAsync()).Should().Be(0, "it stops in peace");
        drill.Nodes.Remove(old);
    }

    private static async Task PoisonAsync(Drill drill)
    {
        await drill.EnterAsync("build", buildSeconds: 60);
        for (var killed = 1; killed <= 8; killed++)
        {
            if (killed > 1)
                await drill.InsideAsync("build", drill.Start.Version);
            drill.Mark();
            drill.Runner.Kill();
            drill.Nodes.Remove(drill.Runner);
            await drill.Nodes.AddAsync();
        }

        await drill.UntilResumedAsync(elsewhere: true);
        drill.ExpectedError = "The step build was started 8 times and never finished: the node that ran it was lost each time.";
    }
}
