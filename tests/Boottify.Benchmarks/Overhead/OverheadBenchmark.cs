using Spectre.Console;

namespace Boottify.Benchmarks.Overhead;

/// <summary>
/// What the engine costs: a push to a running app, webhook to <c>succeeded</c>, beside a shell script that does the same raw
/// work on the same components (<c>raw-deploy</c>). In turns, one at a time, a new commit each, after one of each that does not count.
/// </summary>
internal static class OverheadBenchmark
{
    /// <summary>A replaced pod goes on answering for five seconds and then stops: none of that falls into the next measurement.</summary>
    private static readonly TimeSpan UntilOldPodsEnd = TimeSpan.FromSeconds(8);

    public static async Task RunAsync(BenchPlatform platform, BenchedApp app, int rounds)
    {
        using var ourSource = await BenchSource.CreateAsync(app);
        using var rawSource = await BenchSource.CreateAsync(app);
        var ours = await BoottifySide.CreateAsync(platform, app, ourSource);
        try
        {
            await ours.DeployAsync("ours 0");
            using var raw = await RawSide.CreateAsync(app, rawSource, ours.Namespace);
            try
            {
                await raw.DeployAsync("raw 0");
                await MeasureAsync(app, ours, raw, rounds);
            }
            finally
            {
                await raw.DeleteAsync();
            }
        }
        finally
        {
            await ours.DeleteAsync();
        }
    }

    private static async Task MeasureAsync(BenchedApp app, BoottifySide ours, RawSide raw, int rounds)
    {
        var (our, theirs) = (new List<Run>(), new List<Run>());
        for (var round = 1; round <= rounds; round++)
        {
            await Task.Delay(UntilOldPodsEnd);
            our.Add(await ours.DeployAsync($"ours {round}"));
            await Task.Delay(UntilOldPodsEnd);
            theirs.Add(await raw.DeployAsync($"raw {round}"));
            AnsiConsole.WriteLine($"{round,3}: Boottify {our[^1].Took.TotalSeconds:0.00} s, script {theirs[^1].Took.TotalSeconds:0.00} s");
        }

        OverheadReport.Print(app.Name, our, theirs);
    }
}
