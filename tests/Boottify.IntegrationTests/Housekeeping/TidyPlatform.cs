using System.Net;
using System.Text.Json;
using Boottify.Apps;
using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Deployments;
using Boottify.Housekeeping;
using Boottify.IntegrationTests.Builds;
using Boottify.IntegrationTests.Engine;
using Boottify.Platform;
using Docker.DotNet;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Housekeeping;

/// <summary>
/// A platform of the tests' own on the real components: own history, own mark, own folder. It runs housekeeping only when told
/// to, and without a grace period, so that nothing here has to wait for one.
/// </summary>
public sealed class TidyPlatform : IAsyncLifetime
{
    public const long CacheBudget = 8 << 20;

    private readonly BuildFixture sources = new();
    private readonly List<string> apps = [];

    public TidyPlatform() => ControlPlane = new ControlPlane
    {
        Settings = new Dictionary<string, string>
        {
            ["BOOTTIFY_DATA"] = Data,
            ["BOOTTIFY_HOUSEKEEPING_SECONDS"] = "0",
            ["BOOTTIFY_HOUSEKEEPING_GRACE_SECONDS"] = "0",
            ["BOOTTIFY_ROLLOUT_SECONDS"] = "240",
            ["BOOTTIFY_BUILD_CACHE_MB"] = $"{CacheBudget >> 20}",
        },
    };

    public ControlPlane ControlPlane { get; }

    public string Data { get; } = Path.Combine(Path.GetTempPath(), $"boottify-tidy-{Guid.NewGuid():N}");

    public PlatformSettings Settings => Get<PlatformSettings>();

    public DockerClient Docker => Get<DockerClient>();

    public IImageBuilder Builder => Get<IImageBuilder>();

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public T Get<T>()
        where T : notnull => ControlPlane.Services.GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Data);
        await sources.InitializeAsync();
        await ControlPlane.InitializeAsync();
    }

    /// <summary>
    /// The platform itself deletes what is left of the apps first: housekeeping may have begun to put one back, and that would go
    /// on making what is removed here.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Task.WhenAll(apps.Select(DeleteAsync));
        }
        finally
        {
            await ClearAsync();
        }
    }

    /// <summary>What tests made under the names of apps that were deleted already, and what belongs to the platform.</summary>
    private async Task ClearAsync()
    {
        foreach (var app in apps)
        {
            var names = AppNames.Of(app, "An app");
            await Get<ICluster>().DeletePatientlyAsync(names.Namespace);
            await Get<Boottify.Databases.IAppDatabases>().DropAsync(names.Database, names.DatabaseRole, CancellationToken.None);
            await Get<Boottify.Dns.IDnsZone>().WithdrawAsync(names.Host(Settings.Domain), CancellationToken.None);
            await Get<Boottify.Routes.IEdge>().DeleteRouteAsync(app, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), CancellationToken.None);
            await Builder.DeletePatientlyAsync(names.ImageRepository);
        }

        await ControlPlane.DisposeAsync();
        await sources.DisposeAsync();
        Directory.Delete(Data, recursive: true);
    }

    public async Task<string> NewAppAsync(string? repository = null)
    {
        var team = await ControlPlane.CreateTeamAsync();
        var app = await ControlPlane.PostAsync(ControlPlane.Administrator, "/api/apps", new
        {
            team,
            name = "An app",
            repository = new { url = repository ?? "http://127.0.0.1:9/none.git", branch = "main" },
        });
        apps.Add(app.GetProperty("id").GetString()!);
        return apps[^1];
    }

    /// <summary>An app that the history says is gone.</summary>
    public async Task<string> DeletedAppAsync()
    {
        var app = await NewAppAsync();
        await DeleteAsync(app);
        return app;
    }

    /// <summary>As its owner would, with the deployments that are under way; it may be gone already.</summary>
    public async Task DeleteAsync(string app)
    {
        using var deleted = await ControlPlane.Administrator.DeleteAsync(new Uri($"/api/apps/{app}", UriKind.Relative), CancellationToken.None);
        deleted.StatusCode.Should().BeOneOf(HttpStatusCode.Accepted, HttpStatusCode.NotFound);
        await UntilAsync("the app is deleted", async () => await StatusAsync($"/api/apps/{app}") == HttpStatusCode.NotFound);
    }

    /// <summary>A deployment that the history says is over.</summary>
    public async Task<string> EndedDeploymentAsync(string app)
    {
        var now = DateTimeOffset.UtcNow;
        var id = AppIds.NewDeployment(now);
        await using var session = ControlPlane.Store.LightweightSession();
        session.Events.StartStream<Deployment>(
            id, new DeploymentRequested(id, app, "An app", "t", Engine.TestApp.NewCommit(), "main", null, Trigger.Push, "a test", null, null, now), new DeploymentFailed("It was lost.", now));
        await session.SaveChangesAsync(Token);
        return id;
    }

    /// <summary>A small app's image, built and pushed by a deployment that no history knows yet.</summary>
    public async Task<(BuildRequest Request, PushedImage Image)> PushedAsync(string app)
    {
        var repository = await RepositoryAsync($"FROM node:20-alpine\nENV X={Guid.NewGuid()}\nUSER 1000\n");
        var request = sources.Request(repository) with { AppId = app, ImageRepository = AppNames.Of(app, "").ImageRepository };
        await Builder.BuildAsync(request, new Builds.RecordedLog(), Token);
        return (request, await Builder.PushAsync(request, new Builds.RecordedLog(), Token));
    }

    /// <summary>Builds, and tells what the engine said.</summary>
    public async Task<string> BuildAsync(string app, GitRepository repository)
    {
        var log = new Builds.RecordedLog();
        await Builder.BuildAsync(sources.Request(repository) with { AppId = app, ImageRepository = AppNames.Of(app, "").ImageRepository }, log, Token);
        return log.Text;
    }

    public Task<GitRepository> RepositoryAsync(string dockerfile, params (string Name, string Text)[] files) =>
        sources.RepositoryAsync([("Dockerfile", dockerfile), .. files]);

    public AppWorkload Workload(string app) => new(
        $"app-{app}", app, "t1234567", AppIds.NewDeployment(DateTimeOffset.UtcNow), "none@sha256:0", 3000, "/", 1, WorkloadResources.Default,
        new Dictionary<string, string>(), new Dictionary<string, string>(), [$"{app}.{Settings.Domain}"], null, Settings.Registry);

    /// <summary>Runs housekeeping over its HTTP interface.</summary>
    public async Task<HousekeepingReport> RunAsync(bool dryRun = false)
    {
        var answer = await ControlPlane.PostAsync(ControlPlane.Administrator, "/api/housekeeping/run", new { dryRun });
        var json = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        PlatformModule.Configure(json);
        var report = answer.Deserialize<HousekeepingReport>(json)!;
        TestContext.Current.TestOutputHelper?.WriteLine(answer.GetRawText());
        report.Kinds.Select(kind => kind.Error).Should().OnlyContain(error => error == null);
        return report;
    }

    public async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var answer = await ControlPlane.Administrator.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }

    public async Task<string?> DigestAsync(string repository, string reference) =>
        await new RegistryClient(Get<IHttpClientFactory>().CreateClient(RegistryClient.Name)).DigestAsync(repository, reference, Token);

    /// <summary>Looks again and again; the test fails when it has not come true in good time.</summary>
    public static Task UntilAsync(string what, Func<Task<bool>> holds) => Patience.UntilAsync(holds, () => $"It never came true that {what}");
}

/// <summary>One after the other, on one platform.</summary>
[CollectionDefinition("Housekeeping")]
public sealed class HousekeepingCollection : ICollectionFixture<TidyPlatform>;
