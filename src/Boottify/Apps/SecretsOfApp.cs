using Boottify.Access;
using Boottify.Platform;
using Marten;

namespace Boottify.Apps;

/// <summary>Opens an app's sealed secrets, for the steps that hand them to the app and for redaction.</summary>
public sealed class SecretsOfApp(IDocumentStore store, Vault vault, PlatformSettings settings, IConfiguration configuration)
{
    private static readonly string[] PlatformSecrets =
        ["BOOTTIFY_TOKEN", "BOOTTIFY_EDGE_TOKEN", "BOOTTIFY_PDNS_KEY", "BOOTTIFY_DNS_UPDATE_KEY", "DATABASE_URL", "BOOTTIFY_APP_DATABASE_URL"];

    /// <summary>
    /// Every value that must not show in this app's logs: those it ever had too, since a release that is put back runs with the
    /// ones of its time.
    /// </summary>
    public async Task<IReadOnlyList<string>> AllAsync(string appId, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        if (await session.LoadAsync<App>(appId, cancellation) is not { } app)
            return [.. OfPlatform()];
        var all = new List<string>(OfPlatform()) { await WebhookAsync(app, cancellation), await DatabasePasswordAsync(app, cancellation) };
        foreach (var e in await session.Events.FetchStreamAsync(appId, token: cancellation))
        {
            var (context, value) = e.Data switch
            {
                EnvironmentVariableSet set => (AppSecrets.Variable(appId, set.Name), set.Value),
                AppRegistered registered => (AppSecrets.Repository(appId), registered.RepositoryToken),
                RepositoryChanged changed => (AppSecrets.Repository(appId), changed.RepositoryToken),
                _ => ("", null),
            };
            if (value is not null)
                all.Add(await vault.OpenAsync(app.TeamId, context, value, cancellation));
        }

        return all;
    }

    /// <summary>The platform's own: an error of a gateway that quotes one must not end in a tenant's log.</summary>
    private IEnumerable<string> OfPlatform() =>
        PlatformSecrets.Select(name => configuration[name]).OfType<string>().Append(settings.Registry.Password);

    public async Task<IReadOnlyDictionary<string, string>> EnvironmentAsync(App app, CancellationToken cancellation)
    {
        var open = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, variable) in app.Environment)
            open[name] = await vault.OpenAsync(app.TeamId, AppSecrets.Variable(app.Id, name), variable.Value, cancellation);
        return open;
    }

    public Task<string> WebhookAsync(App app, CancellationToken cancellation) =>
        vault.OpenAsync(app.TeamId, AppSecrets.Webhook(app.Id), app.WebhookSecret, cancellation);

    public Task<string> DatabasePasswordAsync(App app, CancellationToken cancellation) =>
        vault.OpenAsync(app.TeamId, AppSecrets.Database(app.Id), app.DatabasePassword, cancellation);

    public async Task<string?> RepositoryTokenAsync(App app, CancellationToken cancellation) =>
        app.RepositoryToken is null ? null : await vault.OpenAsync(app.TeamId, AppSecrets.Repository(app.Id), app.RepositoryToken, cancellation);
}
