using System.Globalization;
using Boottify.Chaos.Machine;

namespace Boottify.Chaos;

/// <summary>The table: what was killed, in which step, what became of the deployment, and how soon it went on.</summary>
public sealed class Report
{
    private readonly List<string> lines = [];
    private int right;

    public static string File => Path.Combine(Checkout.State, "chaos", "table.txt");

    public void Add(string killed, string step, string outcome, double? seconds, string? wrong)
    {
        right += wrong is null ? 1 : 0;
        var resumed = seconds is { } s ? s.ToString("0.0", CultureInfo.InvariantCulture) : "-";
        lines.Add($"{killed,-42} | {step,-9} | {outcome,-44} | {resumed,9} | {(wrong is null ? "right" : "WRONG")}");
        Console.WriteLine(lines[^1] + (wrong is null ? "" : $"\n    {wrong.ReplaceLineEndings("\n    ")}"));
        Write();
    }

    public void Write()
    {
        if (lines.Count == 0)
            return;
        string[] head =
        [
            $"{"killed",-42} | {"step",-9} | {"outcome",-44} | {"resumed s",9} |",
            $"{new string('-', 43)}|{new string('-', 11)}|{new string('-', 46)}|{new string('-', 11)}|------",
        ];
        string[] foot = [$"{lines.Count} rows, {right} right. Seconds: from the kill of a node, or from a component's return, to the deployment's next step event."];
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllLines(File, [.. head, .. lines, .. foot]);
    }
}
