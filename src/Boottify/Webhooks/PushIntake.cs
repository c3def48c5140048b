using Boottify.Apps;
using Boottify.Deployments;

namespace Boottify.Webhooks;

/// <summary>What both webhooks do with a push once it is proven genuine.</summary>
public static class PushIntake
{
    private const int LongestMessage = 500;

    /// <summary>202 with the new deployment, or 200 with the first one's where the delivery or the commit came before.</summary>
    public static async Task<IResult> AcceptAsync(
        DeploymentIntake intake, App app, string commit, string? message, string by, string? delivery, CancellationToken cancellation)
    {
        if (app.DeletionRequestedAt is not null)
            return Problems.Conflict("The app is being deleted.");
        var accepted = await PushAsync(intake, app, commit, message, by, delivery, cancellation);
        var answer = DeploymentAccepted.Of(accepted.Deployment);
        return accepted.Duplicate ? Results.Ok(answer) : Results.Accepted($"/api/deployments/{answer.Id}", answer);
    }

    public static Task<Accepted> PushAsync(
        DeploymentIntake intake, App app, string commit, string? message, string by, string? delivery, CancellationToken cancellation)
    {
        List<string> keys = [DeploymentWish.CommitKey(commit)];
        // An index takes no longer key; GitHub's deliveries have 36 characters.
        if (delivery is { Length: > 0 and <= 200 })
            keys.Add(DeploymentWish.DeliveryKey(delivery));
        var first = message?.Split('\n')[0];
        return intake.AcceptAsync(
            new DeploymentWish(
                app, commit, app.Repository.Branch, first?.Length > LongestMessage ? first[..LongestMessage] : first,
                Trigger.Push, by.Length > 100 ? by[..100] : by, delivery, null, keys),
            cancellation);
    }
}
