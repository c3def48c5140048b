using System.Diagnostics;
using System.Text.Json;

namespace Boottify.Benchmarks.Overhead;

/// <summary>Ours: from just before the signed webhook is sent until its stream says that the deployment has ended.</summary>
internal sealed class BoottifySide(BenchPlatform platform, BenchedApp app, BenchSource source, BenchApp created)
{
    public string Namespace => created.Namespace;

    public static async Task<BoottifySide> CreateAsync(BenchPlatform platform, BenchedApp app, BenchSource source) =>
        new(platform, app, source, await platform.CreateAppAsync(source.Url));

    public async Task<Run> DeployAsync(string version)
    {
        var commit = await source.CommitAsync(version);
        var (since, sent) = (Stopwatch.GetTimestamp(), DateTimeOffset.UtcNow);
        var deployment = await platform.PushAsync(created.Id, created.Secret, commit);
        var answered = Stopwatch.GetElapsedTime(since);
        var status = await platform.EndOfAsync(deployment);
        var took = Stopwatch.GetElapsedTime(since);

        if (status != "succeeded")
            throw new InvalidOperationException($"Deployment {deployment} ended as {status}:\n{await platform.LogAsync(deployment)}");
        await Cluster.ShouldAnswerAsync(Namespace, app.AnswersAt, version);
        return new Run(took, [new Phase("webhook", TimeSpan.Zero, answered), .. await PhasesAsync(deployment, sent)]);
    }

    public Task DeleteAsync() => platform.DeleteAppAsync(created.Id);

    /// <summary>By the deployment's own history. Whatever runs side by side shows as overlapping.</summary>
    private async Task<IReadOnlyList<Phase>> PhasesAsync(string deployment, DateTimeOffset sent)
    {
        var begins = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var phases = new List<Phase>();
        foreach (var e in await platform.EventsAsync(deployment))
        {
            var data = e.GetProperty("data");
            if (!data.TryGetProperty("step", out var step))
                continue;
            var at = data.GetProperty("at").GetDateTimeOffset();
            if (e.GetProperty("type").GetString() == "StepStarted")
                begins[step.ToString()] = at;
            else if (begins.TryGetValue(step.ToString(), out var began))
                phases.Add(new Phase(step.ToString(), began - sent, at - began));
        }

        return [.. phases.OrderBy(phase => phase.Begins)];
    }
}
