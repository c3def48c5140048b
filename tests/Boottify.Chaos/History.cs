using System.Net;
using System.Text.Json;
using Boottify.EndToEnd;

namespace Boottify.Chaos;

/// <summary>One event of a deployment's stream, as <c>GET …/events</c> tells it.</summary>
public sealed record Happened(long Version, string Type, JsonElement Data)
{
    public string? Step => Data.TryGetProperty("step", out var step) ? step.GetString() : null;

    public int Attempt => Data.TryGetProperty("attempt", out var attempt) ? attempt.GetInt32() : 0;

    public string? Node => Data.TryGetProperty("node", out var node) ? node.GetString() : null;

    public DateTimeOffset At => Data.GetProperty("at").GetDateTimeOffset();

    public override string ToString() => $"{At:HH:mm:ss.fff} {Type} {Step} {Attempt} {Node} {(Data.TryGetProperty("error", out var error) ? error.GetString() : "")}".TrimEnd();
}

public static class History
{
    /// <summary>All of it; asked again while no node answers.</summary>
    public static async Task<IReadOnlyList<Happened>> ReadAsync(Platform platform, string deployment)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (true)
        {
            try
            {
                using var answer = await platform.Api.GetAsync($"api/deployments/{deployment}/events", patience.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                    return (await answer.ReadAsync<Listed<Happened>>()).Items;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException or JsonException && !patience.IsCancellationRequested)
            {
                // Its node was killed in this moment, or the database is away.
            }

            await Task.Delay(100, patience.Token);
        }
    }

    /// <summary>Waits until the stream fulfils the condition.</summary>
    public static async Task<IReadOnlyList<Happened>> UntilAsync(Platform platform, string deployment, Func<IReadOnlyList<Happened>, bool> isSo, string what, TimeSpan? patience = null)
    {
        var end = DateTimeOffset.UtcNow + (patience ?? TimeSpan.FromMinutes(4));
        while (true)
        {
            var history = await ReadAsync(platform, deployment);
            if (isSo(history))
                return history;
            if (DateTimeOffset.UtcNow > end || history[^1].Type is "DeploymentSucceeded" or "DeploymentFailed" or "DeploymentRolledBack" or "DeploymentCancelled")
                throw new InvalidOperationException($"Deployment {deployment} did not come to this: {what}\n{string.Join('\n', history)}");
            await Task.Delay(40);
        }
    }

    /// <summary>The start of the step that runs now, if it is this one.</summary>
    public static Happened? Running(this IReadOnlyList<Happened> history, string step) =>
        history.LastOrDefault(e => e.Type.StartsWith("Step", StringComparison.Ordinal)) is { Type: "StepStarted" } last
        && string.Equals(last.Step, step, StringComparison.OrdinalIgnoreCase) ? last : null;
}
