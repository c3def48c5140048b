using Boottify.Apps;
using Boottify.Deployments;

namespace Boottify.Branches;

/// <summary>Makes up for what did not arrive, or was pushed out by what came late. Repeating it does nothing more.</summary>
public sealed class Reconciliation(DeploymentIntake intake)
{
    /// <summary>
    /// Takes in a head whose delivery was lost, just as the delivery would have been: should it still come, it is a duplicate.
    /// </summary>
    public Task<Accepted> TakeInAsync(App app, string head, string by, CancellationToken cancellation) => intake.AcceptAsync(
        new DeploymentWish(
            app, head, app.Repository.Branch, $"Found at the head of {app.Repository.Branch}: no delivery told of it",
            Trigger.Push, by, null, null, [DeploymentWish.CommitKey(head)]),
        cancellation);

    /// <summary>
    /// Requests again, once however often this is called, what waited and was superseded by a late push. It takes nobody's
    /// place in turn: what waits by now is newer, and stands in for it.
    /// </summary>
    public Task<Accepted> AgainAsync(App app, Deployment displaced, CancellationToken cancellation) => intake.AcceptAsync(
        new DeploymentWish(
            app, displaced.Commit, displaced.Branch, displaced.Message, displaced.Trigger, displaced.RequestedBy, null, displaced.ToRelease,
            [DeploymentWish.AgainKey(displaced.Id)])
        {
            GivesWay = true,
            Reason = displaced.Reason,
            ReturnsDomains = displaced.ReturnsDomains,
        },
        cancellation);
}
