using System.Text.Json;

namespace Boottify.EndToEnd;

/// <summary>Does something to a deployment in one of its states, and reads from the history in which it came.</summary>
public static class DeploymentState
{
    /// <summary>Those of a deployment that runs, in their order.</summary>
    public static TheoryData<string> All { get; } = ["validating", "building", "pushing", "provisioning", "checking", "publishing", "finalizing"];

    /// <summary>Code that stays in the state for a while, where that can be had by code.</summary>
    public static Dictionary<string, byte[]> Code(string state, string version) => state switch
    {
        "validating" => TestApps.LargeRepository(version, 40),
        "building" => TestApps.Ticking(),
        "pushing" => TestApps.Heavy(version, 120),
        "checking" => TestApps.NeverReady("waiting for a database"),
        _ => TestApps.Serving(version),
    };

    /// <summary>A version without the ballast of the one before.</summary>
    public static Dictionary<string, byte[]> Clean(string version)
    {
        var app = TestApps.Serving(version);
        app["ballast"] = [];
        return app;
    }

    /// <summary>Begins a deployment, by a push unless told otherwise, and acts once it is in the state.</summary>
    /// <returns>The deployment, and its state when somebody asked to cancel it; null if nobody did before its end.</returns>
    public static async Task<(string Deployment, string? Hit)> ActInAsync(
        Platform platform, DeployableApp app, string state, Func<string, Task> act, Func<Task<string>>? begin = null)
    {
        var deployment = await (begin ?? app.AnnounceAsync)();
        await foreach (var e in DeploymentStream.FollowAsync(platform.Api, deployment, ct: Platform.Deadline()))
        {
            if (e.Type == "end")
                return (deployment, null);
            if (e.Type != "step" || e.Data.GetProperty("status").GetString() != "running" || While(e.Data.GetProperty("step").GetString()!) != state)
                continue;
            if (state == "building")
                await app.UntilLineAsync(deployment, "tick 1");
            await act(deployment);
            break;
        }

        await app.EndOfAsync(deployment);
        return (deployment, await WhenCancelledAsync(platform, deployment));
    }

    public static async Task<IReadOnlyList<(string Type, JsonElement Data)>> EventsAsync(Platform platform, string deployment)
    {
        using var answer = await platform.Api.GetAsync($"api/deployments/{deployment}/events", Platform.Deadline());
        return [.. (await answer.ReadAsync<Listed<JsonElement>>()).Items.Select(e => (e.GetProperty("type").GetString()!, e.GetProperty("data")))];
    }

    private static async Task<string?> WhenCancelledAsync(Platform platform, string deployment)
    {
        var state = "queued";
        foreach (var (type, data) in await EventsAsync(platform, deployment))
        {
            if (type == "StepStarted")
                state = While(data.GetProperty("step").GetString()!.ToLowerInvariant());
            if (type == "CancellationRequested")
                return state;
        }

        return null;
    }

    private static string While(string step) => step switch
    {
        "validate" => "validating",
        "build" => "building",
        "push" => "pushing",
        "provision" => "provisioning",
        "check" => "checking",
        "publish" => "publishing",
        "finalize" => "finalizing",
        _ => step,
    };
}
