using Boottify.Benchmarks;
using Spectre.Console;

// Each row is measured beside its raw baseline, in the same run and on the same components; the ratio is what counts.
using var platform = new BenchPlatform();
var table = new Table().AddColumns("Benchmark", "Boottify", "Raw baseline", "Ratio");
foreach (var row in new[] { await IntakeBenchmark.RunAsync(platform), await DuplicateBenchmark.RunAsync(platform) })
    table.AddRow(row.Name, $"{row.Ours:N0}/s", $"{row.Raw:N0}/s {row.Baseline}", $"{row.Ours / row.Raw:0.00}");
AnsiConsole.Write(table);
