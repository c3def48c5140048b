using System.Security.Cryptography;
using Boottify.Access;
using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Platform;
using Marten;

namespace Boottify.Apps;

/// <param name="Team">The owning team's id.</param>
/// <param name="Port">3000 if left out; the app also finds it in the variable PORT.</param>
/// <param name="Health">"/" if left out.</param>
/// <param name="Replicas">1 if left out.</param>
public sealed record RegisterApp(
    string? Team, string? Name, RepositoryInput? Repository, int? Port, string? Health, int? Replicas, WorkloadResources? Resources) : INamesTeam
{
    public const int DefaultPort = 3000;

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/apps", HandleAsync).Needs(Role.Owner).WithName("RegisterApp");

    private static async Task<IResult> HandleAsync(
        RegisterApp command, HttpContext context, IDocumentSession session, Vault vault, PlatformSettings settings, GitServers servers, TimeProvider time)
    {
        var cancellation = context.RequestAborted;
        if ((command.Invalid() ?? servers.Refusal(command.Repository!.Url!)) is { } error)
            return Problems.Invalid(error);
        if (await session.LoadAsync<Team>(command.Team!, cancellation) is not { } team)
            return Problems.NotFound("There is no such team. POST /api/teams makes one.");

        var id = AppIds.New();
        var webhookSecret = RandomNumberGenerator.GetHexString(48, lowercase: true);
        var registered = new AppRegistered(
            id, team.Id, command.Name!.Trim(), command.Repository!.ToRepository(), command.ToSettings(),
            await vault.SealAsync(team.Id, AppSecrets.Webhook(id), webhookSecret, cancellation),
            await vault.SealAsync(team.Id, AppSecrets.Database(id), RandomNumberGenerator.GetHexString(40, lowercase: true), cancellation),
            command.Repository.Token is { Length: > 0 } token ? await vault.SealAsync(team.Id, AppSecrets.Repository(id), token, cancellation) : null,
            Caller.Of(context).Name, time.GetUtcNow());
        session.Events.StartStream<App>(id, registered);
        await session.SaveChangesAsync(cancellation);

        var view = AppView.Of(App.Create(registered), null, settings);
        return Results.Created($"/api/apps/{id}", new RegisteredApp(
            view.Id, view.Name, view.Team, view.Host, view.Url, view.Namespace,
            new WebhookView(new Uri(settings.Url, "/api/webhooks/deployment").ToString(), new Uri(settings.Url, "/api/webhooks/github").ToString(), webhookSecret)));
    }

    private string? Invalid() =>
        AppRules.Name(Name)
        ?? (Repository is null ? "Say where the code is: \"repository\": {\"url\": \"https://…\", \"branch\": \"main\"}." : Repository.Invalid())
        ?? AppRules.Port(Port ?? DefaultPort) ?? AppRules.Health(Health ?? "/") ?? AppRules.Replicas(Replicas ?? 1)
        ?? AppRules.Resources(Resources ?? WorkloadResources.Default);

    private AppSettings ToSettings() => new(Port ?? DefaultPort, Health ?? "/", Replicas ?? 1, Resources ?? WorkloadResources.Default);
}

/// <param name="Branch">"main" if left out.</param>
/// <param name="Directory">Folder to build; the root if left out.</param>
/// <param name="Token">For private repositories; stored encrypted, never shown again.</param>
public sealed record RepositoryInput(string? Url, string? Branch, string? Directory, string? Token)
{
    public string? Invalid() =>
        AppRules.RepositoryUrl(Url) ?? AppRules.Branch(Branch ?? "main") ?? AppRules.Directory(Trimmed)
        ?? (Token?.Any(char.IsControl) == true ? "\"repository.token\" holds a control character." : null);

    public Repository ToRepository() => new(Url!, Branch ?? "main", Trimmed);

    private string Trimmed => (Directory ?? "").Trim('/') is "." ? "" : (Directory ?? "").Trim('/');
}

/// <param name="Secret">Shown this once.</param>
public sealed record WebhookView(string Url, string GithubUrl, string Secret);

public sealed record RegisteredApp(string Id, string Name, string Team, string Host, string Url, string Namespace, WebhookView Webhook);
