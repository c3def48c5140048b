using System.Text;

namespace Boottify.EndToEnd.ZeroDowntime;

/// <summary>What was counted, as a table.</summary>
internal static class Figures
{
    /// <summary>Adds the table to the file of that name, too, where <c>ops/test</c> wants such files (BOOTTIFY_FIGURES).</summary>
    public static async Task<string> WriteAsync(string name, IReadOnlyCollection<Tally> tallies)
    {
        var table = Table(tallies);
        if (Environment.GetEnvironmentVariable("BOOTTIFY_FIGURES") is { Length: > 0 } folder)
            await File.AppendAllTextAsync(Path.Combine(Directory.CreateDirectory(folder).FullName, $"{name}.txt"), table + "\n");
        return table;
    }

    private static string Table(IReadOnlyCollection<Tally> tallies)
    {
        var table = new StringBuilder($"{"while",-30}{"events",8}{"kept",10}{"new",8}{"failed",8}{"unanswered",12}{"unsent",8}{"longest",12}\n");
        foreach (var t in tallies)
            table.Append($"{t.Kind,-30}{t.Events,8}{t.Kept,10:N0}{t.New,8:N0}{t.Failed,8}{t.Unanswered,12}{t.Unsent,8}{t.Longest.TotalMilliseconds,9:N0} ms\n");
        table.Append($"{"all",-30}{"",8}{tallies.Sum(t => t.Kept),10:N0}{tallies.Sum(t => t.New),8:N0}{tallies.Sum(t => t.Failed),8}{tallies.Sum(t => t.Unanswered),12}{tallies.Sum(t => t.Unsent),8}");
        return table.Append($"{tallies.Max(t => t.Longest).TotalMilliseconds,9:N0} ms\n").Append(
            "unanswered: POSTs over kept connections that a reload closed before a byte of the answer came\n" +
            "unsent: HTTP/2 connections that a reload closed before a request was sent on them\n").ToString();
    }
}
