using Boottify.Access;
using Boottify.Apps;
using Boottify.Builds;
using Marten;

namespace Boottify.Deployments;

/// <param name="Release">The release to return to; the one before the current one if left out.</param>
/// <param name="Reason">Why; it stays in the history.</param>
/// <param name="Domains">The app's custom domains go back to those of the release too, once it serves; they stay as they are if left out.</param>
public sealed record RollBackApp(int? Release, string? Reason = null, bool? Domains = null)
{
    private const int LongestReason = 500;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/apps/{app}/rollback", HandleAsync).Needs(Role.Developer).WithName("RollBackApp");

    private static async Task<IResult> HandleAsync(string app, RollBackApp? command, HttpContext context, IDocumentStore store, IImageBuilder builder, DeploymentIntake intake)
    {
        var cancellation = context.RequestAborted;
        if (command?.Reason is { } said && (said.Length > LongestReason || said.Any(c => char.IsControl(c) && c != '\n')))
            return Problems.Invalid($"\"reason\" is at most {LongestReason} characters of text, without control characters.");
        await using var session = store.QuerySession();
        var target = await session.LoadAsync<App>(app, cancellation);
        if (target is not { DeletionRequestedAt: null })
            return Problems.Conflict("The app is being deleted.");
        if (Choose(target, command?.Release) is not { } release)
            return Problems.Unprocessable(command?.Release is { } wanted
                ? $"Release {wanted} is not kept. GET /api/apps/{app}/releases lists those that are."
                : "There is no earlier release to return to.");
        if (await IsImageGoneAsync(builder, target, release, cancellation))
            return Problems.Unprocessable(release.GoneWords(app));

        var accepted = await intake.AcceptAsync(
            new DeploymentWish(target, release.Commit, "", $"Return to release {release.Number}", Trigger.Rollback, Caller.Of(context).Name, null, release.Number, [])
            {
                Reason = string.IsNullOrWhiteSpace(command?.Reason) ? null : command.Reason.Trim(),
                ReturnsDomains = command?.Domains == true,
            },
            cancellation);
        return Results.Accepted($"/api/deployments/{accepted.Deployment.Id}", DeploymentAccepted.Of(accepted.Deployment));
    }

    /// <summary>A registry that is away is no reason to refuse: the deployment's first step waits for it and asks again.</summary>
    private static async Task<bool> IsImageGoneAsync(IImageBuilder builder, App app, Release release, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(3));
        try
        {
            return !await builder.HasImageAsync(app.Names.ImageRepository, release.ImageDigest, patience.Token);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private static Release? Choose(App app, int? wanted)
    {
        var kept = app.Releases.TakeLast(FinalizeDeploymentHandler.KeptReleases).ToList();
        if (wanted is not null)
            return kept.Find(r => r.Number == wanted);
        // Going back twice goes back twice as far: start from where the current release came from.
        var current = app.CurrentRelease;
        var from = current?.RolledBackTo ?? current?.Number;
        return kept.FindLast(r => r.Number < from && r.RolledBackTo is null) ?? kept.FindLast(r => r.Number < from);
    }
}
