using Boottify.Deployments;

namespace Boottify.Branches;

/// <summary>What is to become of a push whose turn has come.</summary>
public abstract record PushVerdict
{
    public sealed record GoOn : PushVerdict;

    /// <summary>It is late; that deployment stands in its place.</summary>
    public sealed record Late(Deployment Newer) : PushVerdict;

    /// <summary>It is late, and took the place of this one, which waited: that one is to be requested again.</summary>
    public sealed record LateAndInTheWay(Deployment Displaced) : PushVerdict;

    /// <summary>The branch has moved on to a commit that has not arrived: whether this push is late, its history tells.</summary>
    public sealed record AskHistory : PushVerdict;
}

/// <summary>
/// Pushes arrive in any order, and late. Which one is newer is not theirs to say, nor their time's: the branch's head decides,
/// and where the head itself has not arrived yet, the history. Only pushes are judged; what a person asks for is never late.
/// </summary>
public static class PushOrder
{
    /// <param name="head">The commit that the push's branch is at.</param>
    /// <param name="standing">What became of <paramref name="head"/>.</param>
    /// <param name="pushedOut">What waited and was superseded by this push, by what it superseded itself, and so on; newest first.</param>
    public static PushVerdict ByHead(Deployment push, string head, HeadStanding standing, IReadOnlyList<Deployment> pushedOut)
    {
        if (string.Equals(push.Commit, head, StringComparison.Ordinal))
            return new PushVerdict.GoOn();
        if (standing is HeadStanding.Lost)
            return new PushVerdict.AskHistory();
        if (pushedOut.FirstOrDefault(d => d.Trigger != Trigger.Push || string.Equals(d.Commit, head, StringComparison.Ordinal)) is { } waited)
            return new PushVerdict.LateAndInTheWay(waited);
        return standing switch
        {
            HeadStanding.Displaced displaced => new PushVerdict.LateAndInTheWay(displaced.Deployment),
            HeadStanding.Arrived arrived => new PushVerdict.Late(arrived.Deployment),
            _ => new PushVerdict.GoOn(),
        };
    }

    /// <param name="descendants">Commits that have the push's commit in their history.</param>
    /// <param name="arrived">The deployment that serves, and pushes that arrived; the one to name first.</param>
    /// <param name="pushedOut">As for <see cref="ByHead"/>.</param>
    public static PushVerdict ByHistory(
        IReadOnlyCollection<string> descendants, IReadOnlyList<Deployment> arrived, IReadOnlyList<Deployment> pushedOut)
    {
        if (descendants.Count == 0)
            return new PushVerdict.GoOn();
        if (pushedOut.FirstOrDefault(d => d.Trigger != Trigger.Push || descendants.Contains(d.Commit)) is { } waited)
            return new PushVerdict.LateAndInTheWay(waited);
        return arrived.FirstOrDefault(d => descendants.Contains(d.Commit)) is { } newer ? new PushVerdict.Late(newer) : new PushVerdict.GoOn();
    }
}
