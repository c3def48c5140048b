using Spectre.Console;

namespace Boottify.Benchmarks.Overhead;

internal static class OverheadReport
{
    public static void Print(string app, IReadOnlyList<Run> ours, IReadOnlyList<Run> raw)
    {
        var totals = new Table().Title($"Push to running release, {app}, {ours.Count} rounds").AddColumns("", "Median", "Fastest", "Slowest");
        foreach (var (name, runs) in new[] { ("Boottify", ours), ("Script", raw) })
            totals.AddRow(name, Seconds(runs.Select(run => run.Took).Median()), Seconds(runs.Min(run => run.Took)), Seconds(runs.Max(run => run.Took)));
        totals.AddRow("Ratio of medians", $"{ours.Select(run => run.Took).Median() / raw.Select(run => run.Took).Median():0.00}", "", "");
        AnsiConsole.Write(totals);
        PrintPhases("Boottify", ours);
        PrintPhases("Script", raw);
    }

    private static void PrintPhases(string name, IReadOnlyList<Run> runs)
    {
        var table = new Table().AddColumns($"{name}, medians", "Begins at", "Takes");
        foreach (var phase in runs[^1].Phases.Select(phase => phase.Name))
        {
            var seen = runs.SelectMany(run => run.Phases).Where(other => other.Name == phase).ToArray();
            table.AddRow(phase, Seconds(seen.Select(s => s.Begins).Median()), Seconds(seen.Select(s => s.Takes).Median()));
        }

        var end = runs.Select(run => run.Took - run.Phases.Max(phase => phase.Begins + phase.Takes)).Median();
        table.AddRow("until its end is known", Seconds(runs.Select(run => run.Phases.Max(phase => phase.Begins + phase.Takes)).Median()), Seconds(end));
        AnsiConsole.Write(table);
    }

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds:0.000} s";
}
