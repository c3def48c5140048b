using Boottify.Access;
using Boottify.Branches;
using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Platform;
using Marten;

namespace Boottify.Apps;

/// <summary>Changes settings; they take effect with the next deployment. What is left out stays as it is.</summary>
public sealed record ChangeApp(RepositoryInput? Repository, int? Port, string? Health, int? Replicas, WorkloadResources? Resources)
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPatch("/apps/{app}", HandleAsync).Needs(Role.Developer).WithName("ChangeApp");

    private static async Task<IResult> HandleAsync(
        string app, ChangeApp command, HttpContext context, IDocumentSession session, Vault vault, PlatformSettings settings, GitServers servers, TimeProvider time)
    {
        var cancellation = context.RequestAborted;
        var stream = await session.Events.FetchForWriting<App>(app, cancellation);
        if (stream.Aggregate is not { DeletionRequestedAt: null } current)
            return Problems.Conflict("The app is being deleted.");
        var (repository, next) = command.On(current);
        // An address that was set before it was refused does not keep the other settings from being changed.
        if ((Invalid(repository, next) ?? (command.Repository?.Url is { } url ? servers.Refusal(url) : null)) is { } error)
            return Problems.Invalid(error);

        var by = Caller.Of(context).Name;
        if (next != current.Settings)
            stream.AppendOne(new AppSettingsChanged(next, by, time.GetUtcNow()));
        if (command.Repository is not null)
        {
            var token = command.Repository.Token is { Length: > 0 } secret
                ? await vault.SealAsync(current.TeamId, AppSecrets.Repository(app), secret, cancellation)
                : SameServer(repository.Url!, current.Repository.Url) ? current.RepositoryToken : null;
            stream.AppendOne(new RepositoryChanged(repository.ToRepository(), token, by, time.GetUtcNow()));
            BranchHeads.Reset(session, app);
        }

        await session.SaveChangesAsync(cancellation);
        var changed = await session.LoadAsync<App>(app, cancellation);
        return Results.Ok(AppView.Of(changed!, null, settings));
    }

    private (RepositoryInput Repository, AppSettings Settings) On(App current) => (
        new RepositoryInput(
            Repository?.Url ?? current.Repository.Url, Repository?.Branch ?? current.Repository.Branch,
            Repository?.Directory ?? current.Repository.Directory, Repository?.Token),
        new AppSettings(
            Port ?? current.Settings.Port, Health ?? current.Settings.Health, Replicas ?? current.Settings.Replicas,
            Resources ?? current.Settings.Resources));

    /// <summary>A token goes to no server that it was not given for: who may change the address need not know the token.</summary>
    private static bool SameServer(string one, string other) =>
        Uri.Compare(new Uri(one), new Uri(other), UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static string? Invalid(RepositoryInput repository, AppSettings settings) =>
        repository.Invalid() ?? AppRules.Port(settings.Port) ?? AppRules.Health(settings.Health)
        ?? AppRules.Replicas(settings.Replicas) ?? AppRules.Resources(settings.Resources);
}
