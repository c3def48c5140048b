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
    private const int MostNodes = 100;

    /// <summary>Stands for all nodes that were folded; no node is called so.</summary>
    private const string Old = "old";

    /// <summary>Longer than any wait that an authority may ask for.</summary>
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(40);

    /// <summary>The same, with what has failed since <paramref name="before"/> counted as that edge's.</summary>
    /// <param name="node">Without a space.</param>
    public Trouble CountedFor(string node, Trouble? before)
    {
        var tally = new Dictionary<string, int>(before?.Tally ?? new Dictionary<string, int>(), StringComparer.Ordinal);
        var more = (Authorities ?? new Dictionary<string, AuthorityTrouble>()).Where(one => one.Value.Failures > (before?.At(one.Key)?.Failures ?? 0)).ToList();
        foreach (var (authority, its) in more.Where(one => !one.Value.Here)) Count($"{node} {authority}", its.Failures - (before?.At(authority)?.Failures ?? 0));
        if (more.Count == 0 || more.Any(one => !one.Value.Here)) Count(node, Failures - (before?.Failures ?? 0));
        return this with { Tally = Folded(tally, node) };

        void Count(string key, int more)
        {
            if (more > 0) tally[key] = tally.GetValueOrDefault(key) + more;
        }
    }

    /// <summary>What the others shall know of it: without what may be this machine's own matter, which is neither counted for them nor waited for.</summary>
    public Trouble ForOthers(DateTimeOffset now)
    {
        var tally = Tally ?? new Dictionary<string, int>();
        var each = Authorities?.Where(one => !one.Value.Here).ToDictionary(one => one.Key, one => Counted(one.Value, SumOf(tally, one.Key)), StringComparer.Ordinal) ?? [];
        var failures = Math.Min(MostFailures, each.Values.Select(one => one.Failures).Append(SumOf(tally, null)).Max());
        var (next, reason) = (WaitOf(NextAttempt, NotBefore, Failures, failures, now), Reason);
        if (Authorities is { Count: > 0 } all && all.Values.Min(one => one.NextAttempt) == NextAttempt)
        {
            // It waits for the authorities alone; one that only this edge does not reach is tried by the others.
            next = each.Count < all.Count ? now : each.Values.Min(one => one.NextAttempt);
            if (each.Count < all.Count && each.Count > 0) reason = ReasonOf(each);
        }

        return this with { Failures = failures, Reason = reason, NextAttempt = next, Authorities = each.Count > 0 ? each : null };

        AuthorityTrouble Counted(AuthorityTrouble its, int counted)
        {
            // Without a Retry-After an authority's limits forbid what the count makes of it.
            var asked = its.NotBefore == its.NextAttempt && counted < its.Failures ? null : its.NotBefore;
            var wait = WaitOf(its.NextAttempt, asked, its.Failures, counted, now);
            return its with { Failures = counted, NextAttempt = wait, NotBefore = its.NotBefore == its.NextAttempt ? wait : its.NotBefore };
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

    /// <summary>Until when, when so many of the failures count.</summary>
    private static DateTimeOffset WaitOf(DateTimeOffset next, DateTimeOffset? asked, int failures, int counted, DateTimeOffset now)
    {
        if (counted >= failures) return next;
        var wait = now + RenewalPolicy.Backoff(counted, null, 0);
        if (asked > wait) wait = asked.Value;
        return wait < next ? wait : next;
    }

    /// <summary>
    /// With the nodes that count least as one, when there are many: a container is another node each time that it is made anew. An edge keeps its own
    /// entry apart, which the others may not have heard of; what is folded at one edge and not yet at another counts once more rather than never.
    /// </summary>
    private static Dictionary<string, int> Folded(Dictionary<string, int> tally, string own)
    {
        var nodes = tally.GroupBy(entry => entry.Key.Split(' ', 2)[0], StringComparer.Ordinal).Where(node => node.Key != Old && node.Key != own)
            .OrderByDescending(node => node.Sum(entry => (long)entry.Value)).ThenBy(node => node.Key, StringComparer.Ordinal).ToList();
        foreach (var (key, count) in nodes.Skip(MostNodes - 1).SelectMany(node => node))
        {
            var folded = key.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space ? Old + key[space..] : Old;
            tally[folded] = Math.Min(MostFailures, tally.GetValueOrDefault(folded) + count);
            tally.Remove(key);
        }

        return tally;
    }

    /// <param name="authority">Null for the name as a whole.</param>
    private static int SumOf(IReadOnlyDictionary<string, int> tally, string? authority) =>
        tally.Where(entry => entry.Key.IndexOf(' ', StringComparison.Ordinal) is var space && (space < 0 ? authority is null : entry.Key[(space + 1)..] == authority)).Sum(entry => entry.Value);

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other : one;
}
