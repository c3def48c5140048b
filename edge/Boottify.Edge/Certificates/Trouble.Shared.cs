namespace Boottify.Edge.Certificates;

/// <summary>
/// One name's trouble as several edges have it. Each edge counts its own failures in <see cref="Tally"/>, and of two tallies
/// each entry's greater one is taken: so however often, and in whatever order, troubles are put together, no failure is
/// forgotten and none counts twice.
/// </summary>
public sealed partial record Trouble
{
    private const int MostFailures = 1_000_000;
    private const int LargestTally = 1000;

    /// <summary>Longer than any wait that an authority may ask for.</summary>
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(40);

    /// <summary>The same, with what has failed since <paramref name="before"/> counted as that edge's.</summary>
    /// <param name="node">Without a space.</param>
    public Trouble CountedFor(string node, Trouble? before)
    {
        var tally = new Dictionary<string, int>(before?.Tally ?? new Dictionary<string, int>(), StringComparer.Ordinal);
        Count(node, Failures - (before?.Failures ?? 0));
        foreach (var (authority, its) in Authorities ?? new Dictionary<string, AuthorityTrouble>()) Count($"{node} {authority}", its.Failures - (before?.At(authority)?.Failures ?? 0));
        return this with { Tally = tally };

        void Count(string key, int more)
        {
            if (more > 0) tally[key] = tally.GetValueOrDefault(key) + more;
        }
    }

    /// <summary>All failures of both, and of two waits the longer one.</summary>
    public static Trouble? Of(Trouble? mine, Trouble? theirs)
    {
        if (mine is null || theirs is null) return mine ?? theirs;
        var tally = (mine.Tally ?? new Dictionary<string, int>()).Concat(theirs.Tally ?? new Dictionary<string, int>())
            .GroupBy(entry => entry.Key, StringComparer.Ordinal).ToDictionary(entry => entry.Key, entry => entry.Max(one => one.Value), StringComparer.Ordinal);
        var authorities = (mine.Authorities ?? new Dictionary<string, AuthorityTrouble>()).Concat(theirs.Authorities ?? new Dictionary<string, AuthorityTrouble>())
            .GroupBy(one => one.Key, StringComparer.Ordinal).ToDictionary(one => one.Key, one => OfBoth(one.First().Value, one.Last().Value, SumOf(tally, one.Key)), StringComparer.Ordinal);
        var later = theirs.NextAttempt >= mine.NextAttempt ? theirs : mine;
        return later with
        {
            Failures = Math.Max(SumOf(tally, null), Math.Max(mine.Failures, theirs.Failures)),
            Rehearse = mine.Rehearse || theirs.Rehearse,
            Authorities = authorities.Count > 0 ? authorities : null,
            NotBefore = Later(mine.NotBefore, theirs.NotBefore),
            Tally = tally,
        };
    }

    /// <summary>Every failure that the other one tells of is among these.</summary>
    public bool Knows(Trouble other) => (other.Tally ?? new Dictionary<string, int>()).All(entry => Tally?.GetValueOrDefault(entry.Key) >= entry.Value);

    /// <summary>The same by a clock that is so much ahead.</summary>
    public Trouble Shifted(TimeSpan by) => by == TimeSpan.Zero ? this : this with
    {
        NextAttempt = NextAttempt + by,
        NotBefore = NotBefore + by,
        Authorities = Authorities?.ToDictionary(one => one.Key, one => one.Value with { NextAttempt = one.Value.NextAttempt + by, NotBefore = one.Value.NotBefore + by }, StringComparer.Ordinal),
    };

    /// <summary>It is whole, and holds nothing that an edge would not have written by a clock of that time.</summary>
    public bool IsSound(DateTimeOffset now)
    {
        bool InReach(DateTimeOffset? at) => at is null || (at < now + s_longestWait && at > DateTimeOffset.UnixEpoch);
        return Reason is not null && Failures is >= 0 and <= MostFailures && InReach(NextAttempt) && InReach(NotBefore)
            && Authorities?.Values.All(one => one is { Reason: not null, Failures: >= 0 and <= MostFailures } && InReach(one.NextAttempt) && InReach(one.NotBefore)) is not false
            && (Tally is null || (Tally.Count <= LargestTally && Tally.Values.All(count => count is >= 0 and <= MostFailures)));
    }

    private static AuthorityTrouble OfBoth(AuthorityTrouble one, AuthorityTrouble other, int counted) => (other.NextAttempt >= one.NextAttempt ? other : one) with
    {
        Failures = Math.Max(counted, Math.Max(one.Failures, other.Failures)),
        NotBefore = Later(one.NotBefore, other.NotBefore),
    };

    /// <param name="authority">Null for the name as a whole.</param>
    private static int SumOf(Dictionary<string, int> tally, string? authority) =>
        tally.Where(entry => entry.Key.IndexOf(' ', StringComparison.Ordinal) is var space && (space < 0 ? authority is null : entry.Key[(space + 1)..] == authority)).Sum(entry => entry.Value);

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other : one;
}
