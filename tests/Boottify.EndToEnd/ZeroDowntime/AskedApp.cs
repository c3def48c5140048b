namespace Boottify.EndToEnd.ZeroDowntime;

/// <summary>An app of one replica, and the crowd that asks it from its first release on.</summary>
internal sealed class AskedApp : IAsyncDisposable
{
    private readonly DeployableApp app;
    private readonly Dictionary<int, string> answers = [];
    private readonly Tally afterSuccess = new("after succeeded");
    private readonly Tally quiet = new("nothing else");
    private int release;

    private AskedApp(DeployableApp app, Deployment first)
    {
        this.app = app;
        (release, answers[1]) = (first.Release!.Value, "release 1");
        Crowd = new Crowd(app, quiet.Begin(Live));
    }

    public Crowd Crowd { get; }

    /// <summary>Requests that nobody's event was the time of.</summary>
    public IReadOnlyList<Tally> Between => [afterSuccess, quiet];

    private string Live => answers[release];

    public static async Task<AskedApp> DeployAsync(Platform platform)
    {
        var created = await platform.CreateAppAsync(
            CountedApp.Good("release 1"), "Never down", new Dictionary<string, object> { ["health"] = CountedApp.HealthPath, ["replicas"] = 1 });
        var first = await created.PushAsync();
        first.Release.Should().Be(1, first.Error);
        return new AskedApp(created, first);
    }

    public async Task DeployAsync(Tally tally)
    {
        var next = $"release {release + 1}";
        await app.Source.CommitAsync(CountedApp.Good(next));
        Crowd.Enter(tally.Begin(Live, next));
        await SucceedAsync(await app.AnnounceAsync(), next);
    }

    public async Task RollBackAsync(Tally tally)
    {
        var target = answers.Where(known => known.Key < release && known.Value != Live).Max(known => known.Key);
        Crowd.Enter(tally.Begin(Live, answers[target]));
        await SucceedAsync(await app.RequestAsync("rollback", new { release = target }), answers[target]);
    }

    /// <summary>Deploys what cannot serve: nobody ever gets anything but the release that is live.</summary>
    public async Task FailAsync(Tally tally, Dictionary<string, byte[]> files, string ends)
    {
        await app.Source.CommitAsync(files);
        Crowd.Enter(tally.Begin(Live));
        var ended = await app.EndOfAsync(await app.AnnounceAsync());
        ended.Status.Should().Be(ends, $"that is the end of \"{tally.Kind}\": {ended.Error}");
        await RestAsync(TimeSpan.FromMilliseconds(200));
    }

    public async Task WhileAsync(Tally tally, Func<Task> event_)
    {
        Crowd.Enter(tally.Begin(Live));
        await event_();
        await RestAsync(TimeSpan.FromSeconds(2));
    }

    public async Task RestAsync(TimeSpan time)
    {
        Crowd.Enter(quiet.Begin(Live));
        await Task.Delay(time, Platform.Deadline());
    }

    public async ValueTask DisposeAsync()
    {
        await Crowd.DisposeAsync();
        await app.DisposeAsync();
    }

    /// <summary>From the moment at which the stream says so, whatever is asked is answered by the new release.</summary>
    private async Task SucceedAsync(string deployment, string next)
    {
        await app.UntilAsync(deployment, e => e.Type == "end");
        Crowd.Enter(afterSuccess.Begin(next));
        (await app.GetStringAsync()).Should().Be(next);
        var ended = await app.DeploymentAsync(deployment);
        ended.Status.Should().Be("succeeded", ended.Error);
        answers[release = ended.Release!.Value] = next;
        await Task.Delay(TimeSpan.FromMilliseconds(500), Platform.Deadline());
    }
}
