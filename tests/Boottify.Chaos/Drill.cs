using Boottify.Chaos.Machine;
using Boottify.EndToEnd;

namespace Boottify.Chaos;

/// <summary>One row while it is played: a deployment that was led into a step and held there, and what has been done to it.</summary>
public sealed class Drill(Platform platform, TwoNodes nodes, DeployableApp app) : IDisposable
{
    private readonly List<IDisposable> holds = [];
    private DateTimeOffset since;

    public TwoNodes Nodes => nodes;

    public DeployableApp App => app;

    public string Deployment { get; private set; } = "";

    /// <summary>What the new release answers.</summary>
    public string Content { get; } = $"release {Guid.NewGuid():n}";

    /// <summary>Who runs the step.</summary>
    public Node Runner { get; private set; } = null!;

    /// <summary>The start of the step.</summary>
    public Happened Start { get; private set; } = null!;

    public double? SecondsToResume { get; private set; }

    /// <summary>Row-specific: the deployment is not meant to succeed, and this is what its error says.</summary>
    public string? ExpectedError { get; set; }

    /// <summary>
    /// Pushes a commit and follows its deployment into the step. Long steps are long by the app's own doing; short ones are held by
    /// a component that stands still until <see cref="LetGo"/>, so that the step is inside its call to it.
    /// </summary>
    public async Task EnterAsync(string step, int bulk = 0, int buildSeconds = 8, bool untilInside = true)
    {
        await app.Source.CommitAsync(Apps.Serving(Content, buildSeconds: step == "build" ? buildSeconds : 0, readyAfter: step == "check" ? 8 : 0, bulk));
        var first = step switch { "validate" => Component.Git, "push" or "provision" => Component.Registry, "publish" or "finalize" => Component.Dns, _ => null };
        if (first is not null)
            await HoldAsync(first);
        Deployment = await app.AnnounceAsync();
        if (!untilInside)
            return;

        if (step == "provision")
        {
            await InsideAsync("push");
            await HandOnAsync(Component.ApiServer);
        }
        else if (step == "finalize")
        {
            await InsideAsync("publish");
            // What it does beside the name server's answer takes so long at most.
            await Task.Delay(TimeSpan.FromSeconds(3));
            await HandOnAsync(Component.Docker);
        }

        await InsideAsync(step);
        if (step == "build")
            await UntilLineAsync("tick 2");
    }

    /// <summary>What stood still goes on.</summary>
    public void LetGo()
    {
        holds.ForEach(hold => hold.Dispose());
        holds.Clear();
    }

    /// <summary>Seconds are counted from now on.</summary>
    public void Mark() => since = DateTimeOffset.UtcNow;

    /// <summary>Waits for the next step event; of another node than the one that ran it, if asked so.</summary>
    public async Task UntilResumedAsync(bool elsewhere = false, TimeSpan? patience = null)
    {
        bool IsNext(Happened e) => e.At > since && e.Type.StartsWith("Step", StringComparison.Ordinal) && !(elsewhere && (e.Type != "StepStarted" || Runner.Is(e.Node)));
        var history = await History.UntilAsync(platform, Deployment, h => h.Any(IsNext), "the next event after the fault", patience);
        SecondsToResume = (history.First(IsNext).At - since).TotalSeconds;
    }

    public Task InsideAsync(string step) => InsideAsync(step, afterVersion: 0);

    /// <summary>Waits until an attempt at the step runs that was started after that version.</summary>
    public async Task InsideAsync(string step, long afterVersion)
    {
        var history = await History.UntilAsync(platform, Deployment, h => h.Running(step)?.Version > afterVersion, $"{step} is started");
        Start = history.Running(step)!;
        Runner = nodes.Of(Start.Node!);
        // From the record of the start into the call that the step makes.
        await Task.Delay(150);
    }

    public async Task<Deployment> EndAsync()
    {
        await History.UntilAsync(platform, Deployment, h => h[^1].Type is "DeploymentSucceeded" or "DeploymentFailed" or "DeploymentRolledBack" or "DeploymentCancelled", "its end");
        return await app.DeploymentAsync(Deployment);
    }

    public void Dispose() => LetGo();

    private async Task HoldAsync(Component component) => holds.Add(await component.FreezeAsync());

    /// <summary>The next component holds before the first lets go.</summary>
    private async Task HandOnAsync(Component next)
    {
        var old = holds.ToArray();
        await HoldAsync(next);
        foreach (var hold in old)
        {
            hold.Dispose();
            holds.Remove(hold);
        }
    }

    private async Task UntilLineAsync(string text)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        while (!(await platform.Api.GetStringAsync($"api/deployments/{Deployment}/logs.txt", patience.Token)).Contains(text, StringComparison.Ordinal))
            await Task.Delay(100, patience.Token);
    }
}
