using Boottify.Apps;
using Boottify.Deployments;
using Boottify.Logs;

namespace Boottify.Branches;

/// <summary>Finds out whether a push whose turn has come is late: an older commit never replaces a newer one by itself.</summary>
public sealed class LatePushes(BranchReader reader, Arrivals arrivals, Reconciliation reconciliation)
{
    /// <returns>
    /// The deployment that is to be in its place; null to go on. What cannot be found out holds nobody up: it says so in the log,
    /// and goes on. Repeated after a crash, it names the same deployment.
    /// </returns>
    public async Task<string?> SuccessorAsync(StepInput input, CancellationToken cancellation)
    {
        var push = input.Deployment;
        if (push.Trigger != Trigger.Push || push.Branch.Length == 0)
            return null;
        try
        {
            switch (await JudgeAsync(push, input.Current, cancellation))
            {
                case PushVerdict.Late late:
                    await input.Log.WriteAsync(LogOrigin.System, Words(push, late.Newer), cancellation);
                    return late.Newer.Id;
                case PushVerdict.LateAndInTheWay late:
                    var again = (await reconciliation.AgainAsync(input.Current, late.Displaced, cancellation)).Deployment;
                    await input.Log.WriteAsync(LogOrigin.System, $"{Words(push, late.Displaced)} That one had given way to this one, and is requested again.", cancellation);
                    return string.Equals(again.Id, push.Id, StringComparison.Ordinal) ? null : again.Id;
                default:
                    return null;
            }
        }
        catch (StepException e)
        {
            await input.Log.WriteAsync(LogOrigin.System, $"Whether {push.Branch} has moved on cannot be found out, so this commit is deployed: {e.Message}", cancellation);
            return null;
        }
    }

    private async Task<PushVerdict> JudgeAsync(Deployment push, App app, CancellationToken cancellation)
    {
        var head = await reader.HeadAsync(app, push.Branch, cancellation);
        if (string.Equals(head, push.Commit, StringComparison.Ordinal))
            return new PushVerdict.GoOn();

        var pushedOut = await arrivals.PushedOutAsync(push, cancellation);
        var verdict = PushOrder.ByHead(push, head, await arrivals.StandingAsync(app.Id, head, cancellation), pushedOut);
        if (verdict is not PushVerdict.AskHistory)
            return verdict;

        var arrived = await arrivals.NewestAsync(app, push, cancellation);
        string[] commits = [.. arrived.Concat(pushedOut).Select(d => d.Commit).Where(c => !string.Equals(c, push.Commit, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)];
        var descendants = commits.Length == 0 ? [] : await reader.DescendantsAsync(app, push.Branch, push.Commit, commits, cancellation);
        return PushOrder.ByHistory(descendants, arrived, pushedOut);
    }

    private static string Words(Deployment push, Deployment newer) => newer.Trigger == Trigger.Push
        ? $"This push is late: {push.Branch} is at a newer commit by now, and {newer.Commit[..Math.Min(12, newer.Commit.Length)]} has arrived before it."
        : $"This push is late, and what {newer.RequestedBy} asked for stands.";
}
