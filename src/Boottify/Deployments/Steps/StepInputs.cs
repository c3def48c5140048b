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

    public async Task<BuildRequest> BuildAsync(StepInput input, CancellationToken cancellation)
    {
        var (deployment, app) = (input.Deployment, input.App);
        var source = new SourceRepository(app.Repository.Url, await secrets.RepositoryTokenAsync(app, cancellation));
        return new BuildRequest(
            deployment.Id, app.Id, source, deployment.Commit, app.Repository.Directory, app.Names.ImageRepository, app.Settings.Port);
    }

    /// <summary>The workload of the deployment itself.</summary>
    public Task<AppWorkload> WorkloadAsync(StepInput input, CancellationToken cancellation)
    {
        var figures = input.Deployment.Figures;
        var image = input.Target?.ImageReference ?? figures.ImageReference
            ?? throw new InvalidOperationException("No image has been pushed yet.");
        var root = input.Target?.RunAsRoot ?? figures.RunsAsRoot ?? false;
        return WorkloadAsync(input.App, input.Deployment.Id, image, root, cancellation);
    }

    /// <summary>The workload of a release that was live before.</summary>
    public async Task<AppWorkload> WorkloadAsync(StepInput input, Release release, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var then = await AsOfAsync(session, input.Current, release.AppVersion, cancellation);
        return await WorkloadAsync(then, release.DeploymentId, release.ImageReference, release.RunAsRoot, cancellation);
    }

    private async Task<AppWorkload> WorkloadAsync(App app, string deploymentId, string image, bool root, CancellationToken cancellation)
    {
        var names = app.Names;
        var environment = new Dictionary<string, string>(await secrets.EnvironmentAsync(app, cancellation), StringComparer.Ordinal);
        if (!environment.ContainsKey("DATABASE_URL"))
        {
            var password = await secrets.DatabasePasswordAsync(app, cancellation);
            environment["DATABASE_URL"] = await databases.EnsureAsync(names.Database, names.DatabaseRole, password, cancellation);
        }

        var plain = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["BOOTTIFY_APP"] = app.Id,
            ["BOOTTIFY_URL"] = settings.AppUrl(names.Host(settings.Domain)).ToString(),
        };
        return new AppWorkload(
            names.Namespace, app.Id, app.TeamId, deploymentId, image, app.Settings.Port, app.Settings.Health, app.Settings.Replicas,
            app.Settings.Resources, plain, environment, [names.Host(settings.Domain)], root ? UnprivilegedUser : null, settings.Registry);
    }

    private static async Task<App> AsOfAsync(IQuerySession session, App current, long? version, CancellationToken cancellation) =>
        version is null || version == current.Version
            ? current
            : await session.Events.AggregateStreamAsync<App>(current.Id, version.Value, token: cancellation) ?? current;
}
