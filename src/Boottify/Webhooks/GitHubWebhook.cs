using System.Text.Json.Serialization;
using Boottify.Access;
using Boottify.Apps;
using Boottify.Deployments;
using Marten;

namespace Boottify.Webhooks;

/// <summary>GitHub's own webhook. One repository may serve several apps; the ones whose secret signs the delivery are meant.</summary>
public sealed record GitHubWebhook(
    string? Ref, string? After, bool Deleted, GitHubWebhook.Repo? Repository, [property: JsonPropertyName("head_commit")] GitHubWebhook.Commit? HeadCommit,
    GitHubWebhook.Person? Pusher)
{
    public sealed record Repo(
        [property: JsonPropertyName("clone_url")] string? CloneUrl, [property: JsonPropertyName("html_url")] string? HtmlUrl);

    public sealed record Commit(string? Message);

    public sealed record Person(string? Name);

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/webhooks/github", HandleAsync).OpenToAnybody().WithName("GitHubWebhook");

    private static async Task<IResult> HandleAsync(HttpRequest request, IDocumentStore store, SecretsOfApp secrets, DeploymentIntake intake, WebhookTurns turns, LargeBodyTurns large)
    {
        var cancellation = request.HttpContext.RequestAborted;
        var body = await WebhookBody.ReadAsync(request, large);
        using var turn = await turns.TakeAsync(cancellation);
        if (WebhookBody.Parse<GitHubWebhook>(body) is not { Repository: { } repository } push)
            return Problems.Invalid("Send what GitHub sends: set the webhook's content type to application/json.");

        await using var session = store.QuerySession();
        var addresses = Addresses(repository);
        var candidates = await session.Query<App>().Where(a => a.Repository.Url.IsOneOf(addresses) && a.DeletedAt == null).ToListAsync(cancellation);
        var meant = new List<App>();
        foreach (var app in candidates)
        {
            if (WebhookSignature.Matches(request.Headers[WebhookSignature.Header], await secrets.WebhookAsync(app, cancellation), body))
                meant.Add(app);
        }

        if (meant.Count == 0)
            return DeploymentWebhook.BadSignature();
        var kind = request.Headers["X-GitHub-Event"].ToString();
        if (kind is not "push")
            return DeploymentWebhook.Ignored(kind is "ping" ? "Boottify is listening." : $"'{kind}' is noted; only 'push' deploys.");
        if (push.Deleted || push.After is null || !DeploymentWebhook.CommitForm().IsMatch(push.After))
            return DeploymentWebhook.Ignored("The push leaves nothing to deploy.");

        var onBranch = meant.Where(a => string.Equals(push.Ref, $"refs/heads/{a.Repository.Branch}", StringComparison.Ordinal) && a.DeletionRequestedAt is null).ToList();
        if (onBranch.Count == 0)
            return DeploymentWebhook.Ignored($"No app deploys from {push.Ref}.");
        return await AcceptAllAsync(request, intake, push, onBranch, cancellation);
    }

    /// <summary>The first app's deployment in the usual form, and all of them in <c>deployments</c>.</summary>
    private static async Task<IResult> AcceptAllAsync(
        HttpRequest request, DeploymentIntake intake, GitHubWebhook push, List<App> apps, CancellationToken cancellation)
    {
        var delivery = request.Headers["X-GitHub-Delivery"].ToString();
        var accepted = new List<Accepted>();
        foreach (var app in apps)
            accepted.Add(await PushIntake.PushAsync(intake, app, push.After!, push.HeadCommit?.Message, push.Pusher?.Name ?? "push", delivery, cancellation));

        var all = accepted.Select(a => DeploymentAccepted.Of(a.Deployment)).ToList();
        var answer = new { all[0].Id, all[0].Status, all[0].Commit, all[0].App, deployments = all };
        return accepted.TrueForAll(a => a.Duplicate) ? Results.Ok(answer) : Results.Accepted($"/api/deployments/{answer.Id}", answer);
    }

    /// <summary>The forms in which users write the same repository.</summary>
    private static string[] Addresses(Repo repository)
    {
        var bases = new[] { repository.CloneUrl, repository.HtmlUrl }.OfType<string>()
            .Select(url => url.EndsWith(".git", StringComparison.Ordinal) ? url[..^4] : url.TrimEnd('/'));
        return [.. bases.SelectMany(url => new[] { url, url + ".git", url + "/" }).Distinct(StringComparer.Ordinal)];
    }
}
