using Boottify.Benchmarks;
using Boottify.Benchmarks.Edge;
using Boottify.Benchmarks.Overhead;
using Spectre.Console;

// Each row is measured beside its raw baseline, in the same run and on the same components; the ratio is what counts.
// Arguments: the benchmarks' names (intake, duplicates, overhead, edge), else all; --rounds N and --nextjs are for overhead,
// --part NAME and --full for edge.
var named = args.Where(arg => arg is "intake" or "duplicates" or "overhead" or "edge").ToHashSet(StringComparer.Ordinal);
string? After(string option) => Array.IndexOf(args, option) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
var rounds = After("--rounds") is { } number ? int.Parse(number) : 11;
bool Wanted(string benchmark) => named.Count == 0 || named.Contains(benchmark);

using var platform = new BenchPlatform();
var table = new Table().AddColumns("Benchmark", "Boottify", "Raw baseline", "Ratio");
foreach (var (name, run) in new (string, Func<BenchPlatform, Task<Measured>>)[] { ("intake", IntakeBenchmark.RunAsync), ("duplicates", DuplicateBenchmark.RunAsync) })
{
    if (Wanted(name) && await run(platform) is var row)
        table.AddRow(row.Name, $"{row.Ours:N0}/s", $"{row.Raw:N0}/s {row.Baseline}", $"{row.Ours / row.Raw:0.00}");
}

if (table.Rows.Count > 0)
    AnsiConsole.Write(table);
if (Wanted("overhead"))
    await OverheadBenchmark.RunAsync(platform, args.Contains("--nextjs") ? BenchedApp.NextJs : BenchedApp.Node, rounds);
if (Wanted("edge"))
    await EdgeBenchmark.RunAsync(After("--part"), args.Contains("--full"));
