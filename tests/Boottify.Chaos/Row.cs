using System.Text.RegularExpressions;
using Boottify.Chaos.Machine;

namespace Boottify.Chaos;

/// <summary>One row of the table.</summary>
/// <param name="Killed">What dies, and how.</param>
/// <param name="InShortForm">Played by ops/test too.</param>
/// <param name="Play">Does it, up to the deployment's end or before it.</param>
/// <param name="Shared">It takes away a daemon that the machine's other checkouts use.</param>
/// <param name="ResumesWithin">The promise, where a node dies.</param>
public sealed record Row(string Killed, string Step, bool InShortForm, Func<Drill, Task> Play, bool Shared = false, double? ResumesWithin = null)
{
    /// <summary>A node that is killed, or restarted, has fifteen seconds.</summary>
    public const double Promise = 15;

    public static IReadOnlyList<Row> All { get; } = [.. NodeRows.All, .. ComponentRows.All, .. DiskRows.All];

    public static IEnumerable<Row> OfThisForm => Checkout.Rows is { } wanted
        ? All.Where(row => Regex.IsMatch($"{row.Killed} | {row.Step}", wanted))
        : All.Where(row => Checkout.IsFull || row.InShortForm);
}
