using Boottify.Apps;
using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Databases;
using Boottify.Logs;
using Boottify.Platform;
using Marten;

namespace Boottify.Deployments;

/// <summary>What a step works on.</summary>
/// <param name="App">The app with the environment and settings that this deployment runs with.</param>
/// <param name="Current">The app as it is now.</param>
public sealed record StepInput(Deployment Deployment, App App, App Current, ILogSink Log)
{
    /// <summary>The release to return to; null for a deployment that builds.</summary>
    public Release? Target => Current.Releases.Find(r => r.Number == Deployment.ToRelease);

    /// <summary>The names that this deployment answers under: the app's of now, for a domain that was removed does not return with a release.</summary>
    public IReadOnlyList<string> Hosts(PlatformSettings settings) => Current.Hosts(settings);
}

/// <summary>Gathers what the steps hand to the outside world, from the streams alone.</summary>
public sealed class StepInputs(IDocumentStore store, SecretsOfApp secrets, IAppDatabases databases, DeploymentLogs logs, PlatformSettings settings)
{
    /// <summary>The user that images without one of their own run as; any id but 0 does.</summary>
    private const long UnprivilegedUser = 10_001;

    public async Task<StepInput> LoadAsync(string deploymentId, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var deployment = await session.LoadAsync<Deployment>(deploymentId, cancellation) ?? throw new LostDeploymentException(deploymentId);
        var current = await session.LoadAsync<App>(deployment.AppId, cancellation)
            ?? throw new StepException("The app was deleted.");
        var version = current.Releases.Find(r => r.Number == deployment.ToRelease)?.AppVersion ?? deployment.Figures.AppVersion;
        return new StepInput(deployment, await AsOfAsync(session, current, version, cancellation), current, logs.Of(deploymentId));
    }

    /// <summary>A fence for writes that the outside world cannot refuse by itself.</summary>
    /// <exception cref="LostDeploymentException">The step that runs is not the one that this input was loaded in any more.</exception>
    public Func<CancellationToken, Task> FenceOf(StepInput input) => async cancellation =>
    {
        await using var session = store.QuerySession();
        if ((await session.LoadAsync<Deployment>(input.Deployment.Id, cancellation))?.LastStep != input.Deployment.LastStep)
            throw new LostDeploymentException(input.Deployment.Id);
    };

    public async Task<BuildRequest> BuildAsync(StepInput input, CancellationToken cancellation)
    {
        var (deployment, app) = (input.Deployment, input.App);
        var source = new SourceRepository(app.Repository.Url, await secrets.RepositoryTokenAsync(app, cancellation));
        return new BuildRequest(
            deployment.Id, app.Id, source, deployment.Commit, app.Repository.Directory, app.Names.ImageRepository, app.Settings.Port);
    }

    /// <summary>Makes the app's own database, unless the workload brings one along.</summary>
    public async Task EnsureDatabaseAsync(App app, AppWorkload workload, CancellationToken cancellation)
    {
        var (names, password) = (app.Names, await secrets.DatabasePasswordAsync(app, cancellation));
        if (string.Equals(workload.Secrets["DATABASE_URL"], databases.UrlOf(names.Database, names.DatabaseRole, password), StringComparison.Ordinal))
            await databases.EnsureAsync(names.Database, names.DatabaseRole, password, cancellation);
    }

    /// <summary>The workload of the deployment itself.</summary>
    public Task<AppWorkload> WorkloadAsync(StepInput input, CancellationToken cancellation)
    {
        var figures = input.Deployment.Figures;
        var image = input.Target?.ImageReference ?? figures.ImageReference
            ?? throw new InvalidOperationException("No image has been pushed yet.");
        var root = input.Target?.RunAsRoot ?? figures.RunsAsRoot ?? false;
        return WorkloadAsync(input.App, input.Deployment.Id, image, root, input.Hosts(settings), cancellation);
    }

    /// <summary>The workload of a release that was live before.</summary>
    public async Task<AppWorkload> WorkloadAsync(StepInput input, Release release, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var then = await AsOfAsync(session, input.Current, release.AppVersion, cancellation);
        return await WorkloadAsync(then, release.DeploymentId, release.ImageReference, release.RunAsRoot, input.Hosts(settings), cancellation);
    }

    private async Task<AppWorkload> WorkloadAsync(
        App app, string deploymentId, string image, bool root, IReadOnlyList<string> hosts, CancellationToken cancellation)
    {
        var names = app.Names;
        var environment = new Dictionary<string, string>(await secrets.EnvironmentAsync(app, cancellation), StringComparer.Ordinal);
        if (!environment.ContainsKey("DATABASE_URL"))
        {
            var password = await secrets.DatabasePasswordAsync(app, cancellation);
            environment["DATABASE_URL"] = databases.UrlOf(names.Database, names.DatabaseRole, password);
        }

        var plain = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["BOOTTIFY_APP"] = app.Id,
            ["BOOTTIFY_URL"] = settings.AppUrl(names.Host(settings.Domain)).ToString(),
        };
        return new AppWorkload(
            names.Namespace, app.Id, app.TeamId, deploymentId, image, app.Settings.Port, app.Settings.Health, app.Settings.Replicas,
            app.Settings.Resources, plain, environment, hosts, root ? UnprivilegedUser : null, settings.Registry);
    }

    private static async Task<App> AsOfAsync(IQuerySession session, App current, long? version, CancellationToken cancellation) =>
        version is null || version == current.Version
            ? current
            : await session.Events.AggregateStreamAsync<App>(current.Id, version.Value, token: cancellation) ?? current;
}
