using Boottify.Deployments;

namespace Boottify.Branches;

/// <summary>What became of the commit that a branch is at.</summary>
public abstract record HeadStanding
{
    /// <summary>It never arrived: no delivery told of it, and nobody asked for it.</summary>
    public sealed record Lost : HeadStanding;

    /// <summary>It arrived. This deployment stands for it: its own, or one that a person put in its place while it waited.</summary>
    public sealed record Arrived(Deployment Deployment) : HeadStanding;

    /// <summary>It arrived, and while it waited a push of a commit that the branch is not at took its place.</summary>
    public sealed record Displaced(Deployment Deployment) : HeadStanding;

    /// <param name="chain">
    /// The deployment of the head that was requested last, and those that superseded it one after the other; none if there is no such.
    /// </param>
    public static HeadStanding Of(string head, IReadOnlyList<Deployment> chain)
    {
        if (chain.Count == 0)
            return new Lost();
        var (own, last) = (chain[0], chain[^1]);
        return own.Status == DeploymentStatus.Superseded && last.Trigger == Trigger.Push && !string.Equals(last.Commit, head, StringComparison.Ordinal)
            ? new Displaced(own)
            : new Arrived(last);
    }
}
