namespace Boottify.Builds;

/// <summary>Commits and their parents, as far back as they were fetched.</summary>
internal sealed class CommitHistory
{
    private readonly Dictionary<string, string[]> _parents = new(StringComparer.Ordinal);

    /// <param name="listed">What <c>git rev-list --parents</c> says: a line per commit, its id, then those of its parents.</param>
    public static CommitHistory Parse(string listed)
    {
        var history = new CommitHistory();
        foreach (var line in listed.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var commit, .. var parents])
                history._parents[commit] = parents;
        }

        return history;
    }

    /// <summary>Whether <paramref name="ancestor"/> is in the history of <paramref name="commit"/>. No commit is in its own.</summary>
    public bool Contains(string commit, string ancestor)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(_parents.GetValueOrDefault(commit, []));
        while (open.TryPop(out var next))
        {
            if (string.Equals(next, ancestor, StringComparison.Ordinal))
                return true;
            if (seen.Add(next))
            {
                foreach (var parent in _parents.GetValueOrDefault(next, []))
                    open.Push(parent);
            }
        }

        return false;
    }
}
