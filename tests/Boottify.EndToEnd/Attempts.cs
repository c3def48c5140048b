namespace Boottify.EndToEnd;

/// <summary>
/// A node that a busy machine held still for longer than its lease begins its step anew, and the log rightly has both attempts.
/// </summary>
internal static class Attempts
{
    /// <returns>What the last attempt wrote.</returns>
    /// <param name="first">With which each begins.</param>
    public static IReadOnlyList<string> Last(IEnumerable<string> lines, string first)
    {
        var all = lines.ToList();
        return all[all.LastIndexOf(first)..];
    }
}
