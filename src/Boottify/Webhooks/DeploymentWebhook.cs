using System.Text.RegularExpressions;
using Boottify.Access;
using Boottify.Apps;
using Boottify.Deployments;
using Marten;

namespace Boottify.Webhooks;

/// <summary>What the installed GitHub Actions workflow sends after a push.</summary>
/// <param name="App">The app's id.</param>
/// <param name="Ref"><c>refs/heads/…</c> of the push.</param>
/// <param name="Sha">Full commit id.</param>
public sealed partial record DeploymentWebhook(string? App, string? Repository, string? Ref, string? Sha, string? Message, string? Actor, string? Delivery)
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/webhooks/deployment", HandleAsync).OpenToAnybody().WithName("DeploymentWebhook");

    private static async Task<IResult> HandleAsync(HttpRequest request, IDocumentStore store, SecretsOfApp secrets, DeploymentIntake intake, WebhookTurns turns)
    {
        var cancellation = request.HttpContext.RequestAborted;
        var body = await WebhookBody.ReadAsync(request, WebhookBody.Small);
        using var turn = await turns.TakeAsync(cancellation);
        if (WebhookBody.Parse<DeploymentWebhook>(body) is not { App: { } appId } push)
            return Problems.Invalid("Send a JSON object with app, repository, ref and sha, signed with the app's secret.");

        await using var session = store.QuerySession();
        // Whether there is such an app is nobody's business who cannot sign for it.
        if (!AppIds.IsWellFormed(appId)
            || await session.LoadAsync<App>(appId, cancellation) is not { DeletedAt: null } app
            || !WebhookSignature.Matches(request.Headers[WebhookSignature.Header], await secrets.WebhookAsync(app, cancellation), body))
            return BadSignature();

        if (push.Sha is null || !CommitForm().IsMatch(push.Sha))
            return Problems.Invalid("\"sha\" must be the full commit id: 40 hexadecimal digits.");
        if (push.Ref is not null && !push.IsFor(app))
            return Ignored($"The push is to {push.Ref}; this app deploys from {app.Repository.Branch}.");

        var delivery = request.Headers["X-GitHub-Delivery"].ToString() is { Length: > 0 and <= 200 } id ? id : push.Delivery;
        return await PushIntake.AcceptAsync(intake, app, push.Sha, push.Message, push.Actor ?? "push", delivery, cancellation);
    }

    public static IResult BadSignature() => Problems.Unauthorized(
        $"The {WebhookSignature.Header} header does not match: sign the exact body with the app's webhook secret, HMAC-SHA256 in hex, as 'sha256=…'.");

    public static IResult Ignored(string detail) => Results.Ok(new { status = "ignored", detail });

    private bool IsFor(App app) =>
        string.Equals(Ref, $"refs/heads/{app.Repository.Branch}", StringComparison.Ordinal) || string.Equals(Ref, app.Repository.Branch, StringComparison.Ordinal);

    [GeneratedRegex(@"\A([0-9a-f]{40}|[0-9a-f]{64})\z")]
    public static partial Regex CommitForm();
}
