namespace Boottify.EndToEnd.ZeroDowntime;

/// <summary>
/// While people ask an app all the time: not one request of theirs fails, whatever happens. Runs alone, because what other tests
/// do would be measured, too, and because the platform's programs are restarted.
/// </summary>
[CollectionDefinition(nameof(ZeroDowntimeTests), DisableParallelization = true)]
[Collection(nameof(ZeroDowntimeTests))]
public sealed class ZeroDowntimeTests(Platform platform, ITestOutputHelper output)
{
    private const int Deployments = 20;
    private const int Each = 5;

    private static readonly (string Sort, Func<Dictionary<string, byte[]>> Files, string Ends)[] InVain =
    [
        ("build error", () => CountedApp.Unbuildable, "failed"),
        ("crash on start", () => CountedApp.Crashing, "rolledBack"),
        ("image cannot run", () => CountedApp.WithoutItsProgram, "rolledBack"),
        ("out of memory", () => CountedApp.Greedy, "rolledBack"),
        ("500 on health", () => CountedApp.Unhealthy, "rolledBack"),
    ];

    /// <summary>While another app comes and goes: its route is put, its certificate may come, and both go; coalesced at that.</summary>
    private const int MostReloads = 6;

    [Fact]
    public async Task No_request_fails_during_20_deployments_5_rollbacks_and_5_failing_deployments_of_one_replica()
    {
        Tally deployments = new("deployment"), rollbacks = new("rollback");
        var inVain = InVain.Select(sort => new Tally($"in vain: {sort.Sort}")).ToArray();
        await using var app = await AskedApp.DeployAsync(platform);
        await app.RestAsync(TimeSpan.FromSeconds(3));
        for (var n = 0; n < Deployments; n++)
        {
            await app.DeployAsync(deployments);
            var round = n / (Deployments / Each);
            if (n % (Deployments / Each) == 1)
                await app.FailAsync(inVain[round], InVain[round].Files(), InVain[round].Ends);
            if (n % (Deployments / Each) == 3)
                await app.RollBackAsync(rollbacks);
        }

        await app.RestAsync(TimeSpan.FromSeconds(8));
        await LeaveAsync(app, [deployments, rollbacks, .. inVain]);
        deployments.Events.Should().Be(Deployments);
        rollbacks.Events.Should().Be(Each);
        inVain.Sum(tally => tally.Events).Should().Be(Each);
    }

    [Fact]
    public async Task No_request_fails_while_edge_and_control_plane_restart_and_other_apps_come_and_go()
    {
        Tally edge = new("edge told to stop, started"), killed = new("edge killed, started"), plane = new("control plane restarts"), other = new("another app comes and goes", reloads: true);
        await using var app = await AskedApp.DeployAsync(platform);
        for (var n = 0; n < 2; n++)
        {
            await app.WhileAsync(edge, () => CommandLine.RestartAsync("edge", "TERM"));
            await app.WhileAsync(killed, () => CommandLine.RestartAsync("edge", "KILL"));
            await app.WhileAsync(other, ComeAndGoAsync);
        }

        await app.WhileAsync(plane, () => CommandLine.RestartAsync("control-plane", "TERM"));
        await LeaveAsync(app, [edge, killed, plane, other]);
        other.Unanswered.Should().BeLessThanOrEqualTo(MostReloads * other.Events, "one visitor posts, and a reload closes its connection once");
        other.Unsent.Should().BeLessThanOrEqualTo(2 * MostReloads * other.Events, "two visitors speak HTTP/2, and a reload closes one connection of each");
    }

    private async Task ComeAndGoAsync()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("other"), "Comes and goes");
        var deployed = await app.PushAsync();
        deployed.Status.Should().Be("succeeded", deployed.Error);
        await app.DeleteAsync();
    }

    private async Task LeaveAsync(AskedApp app, IReadOnlyList<Tally> tallies)
    {
        await app.Crowd.LeaveAsync();
        var all = tallies.Concat(app.Between).Where(tally => tally.Events > 0).ToArray();
        output.WriteLine(await Figures.WriteAsync("zero-downtime", all));
        app.Crowd.Failures.Should().BeEmpty();
        all.Should().OnlyContain(tally => tally.Kept > 20 && tally.New > 2, "who asks nothing loses nothing");
    }
}
