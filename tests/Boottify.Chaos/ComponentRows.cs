using Boottify.Chaos.Machine;

namespace Boottify.Chaos;

/// <summary>Components that go away in the middle of a step, and come back.</summary>
public static class ComponentRows
{
    public static IEnumerable<Row> All =>
    [
        Restarted(Component.Postgres, "build", inShortForm: true),
        Restarted(Component.Postgres, "check"),
        Restarted(Component.Postgres, "publish"),
        Restarted(Component.Docker, "build"),
        Restarted(Component.Docker, "push"),
        Restarted(Component.Docker, "check"),
        Gone(Component.ApiServer, "provision", 60),
        Gone(Component.ApiServer, "check", 60),
        GoneBefore(Component.Registry, "push", 20, inShortForm: true),
        new Row("registry, gone for 20 s; image not at hand", "check", InShortForm: false, PullAsync),
        GoneBefore(Component.Dns, "publish", 20),
        GoneBefore(Component.Edge, "publish", 20),
    ];

    private static Row Restarted(Component component, string step, bool inShortForm = false) => new(
        $"{component}, restarted", step, inShortForm,
        async drill =>
        {
            await drill.EnterAsync(step, buildSeconds: 10);
            await component.RestartAsync();
            drill.Mark();
            drill.LetGo();
            await drill.UntilResumedAsync();
        },
        component.IsShared);

    private static Row Gone(Component component, string step, int seconds) => new(
        $"{(component.IsShared ? "API server" : component)}, gone for {seconds} s", step, InShortForm: false,
        async drill =>
        {
            await drill.EnterAsync(step);
            await component.KillAsync();
            drill.LetGo();
            await Task.Delay(TimeSpan.FromSeconds(seconds));
            await component.StartAsync();
            drill.Mark();
            await drill.UntilResumedAsync();
        },
        component.IsShared);

    /// <summary>It goes while an earlier step runs, so that the step finds nothing there.</summary>
    private static Row GoneBefore(Component component, string step, int seconds, bool inShortForm = false) => new(
        $"{component}, gone for {seconds} s", step, inShortForm,
        async drill =>
        {
            await drill.EnterAsync(step == "push" ? "build" : "check", buildSeconds: 3);
            await component.KillAsync();
            await drill.InsideAsync(step);
            await Task.Delay(TimeSpan.FromSeconds(seconds));
            await component.StartAsync();
            drill.Mark();
            await drill.UntilResumedAsync();
        });

    /// <summary>The engine has lost the image by the time that the pods want it, and the registry is away.</summary>
    private static async Task PullAsync(Drill drill)
    {
        await drill.EnterAsync("provision");
        foreach (var image in EndToEnd.CommandLine.Lines(await EndToEnd.CommandLine.DockerAsync("images", "--quiet", "--filter", $"reference=*/apps/*:{drill.Deployment}")))
            await EndToEnd.CommandLine.DockerAsync("rmi", "--force", image);
        await Component.Registry.KillAsync();
        drill.LetGo();
        await drill.InsideAsync("check");
        await Task.Delay(TimeSpan.FromSeconds(20));
        await Component.Registry.StartAsync();
        drill.Mark();
        await drill.UntilResumedAsync();
    }
}
