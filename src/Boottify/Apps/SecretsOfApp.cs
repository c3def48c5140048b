using Boottify.Access;
using Boottify.Platform;
using Marten;

namespace Boottify.Apps;

/// <summary>Opens an app's sealed secrets, for the steps that hand them to the app and for redaction.</summary>
public sealed class SecretsOfApp(IDocumentStore store, Vault vault, PlatformSettings settings)
{
    /// <summary>Every value that must not show in this app's logs.</summary>
    public async Task<IReadOnlyList<string>> AllAsync(string appId, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        if (await session.LoadAsync<App>(appId, cancellation) is not { } app)
            return [settings.Registry.Password];
        var all = new List<string> { settings.Registry.Password };
        all.AddRange((await EnvironmentAsync(app, cancellation)).Values);
        all.Add(await WebhookAsync(app, cancellation));
        all.Add(await DatabasePasswordAsync(app, cancellation));
        if (await RepositoryTokenAsync(app, cancellation) is { } token)
            all.Add(token);
        return all;
    }

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
