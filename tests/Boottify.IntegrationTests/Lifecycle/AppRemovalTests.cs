using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Apps;
using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Contracts.Databases;
using Boottify.Contracts.Edge;
using Boottify.Databases;
using Boottify.Deployments.Queue;
using Boottify.Dns;
using Boottify.IntegrationTests.Builds;
using Boottify.IntegrationTests.Cluster;
using Boottify.IntegrationTests.Engine;
using Boottify.Platform;
using Boottify.Routes;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Boottify.Testing.Patience;
using RecordedLog = Boottify.IntegrationTests.Builds.RecordedLog;
using TestApp = Boottify.IntegrationTests.Engine.TestApp;

namespace Boottify.IntegrationTests.Lifecycle;

/// <summary>
/// Removals while one of the real components is away. The control plane of these tests reaches each through a door; what the app
/// left in the world is put there by the same gateways that a deployment uses, and looked for by gateways that go straight.
/// </summary>
public sealed class AppRemovalTests(BuildFixture builds) : IClassFixture<BuildFixture>, IAsyncLifetime
{
    private readonly Dictionary<string, Doorway> doors = new(StringComparer.Ordinal);
    private readonly ServiceProvider direct = RealPlatform.Services();
    private string kubeconfig = "";
    private ControlPlane platform = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in new[] { "BOOTTIFY_EDGE_URL", "BOOTTIFY_PDNS_URL", "BOOTTIFY_APP_DATABASE_URL" })
        {
            var url = new UriBuilder(RealPlatform.Setting(name));
            url.Port = Open(name, url.Host, url.Port);
            settings[name] = url.ToString().TrimEnd('/');
        }

        var registry = RealPlatform.Setting("BOOTTIFY_REGISTRY").Split(':');
        settings["BOOTTIFY_REGISTRY"] = $"127.0.0.1:{Open("BOOTTIFY_REGISTRY", registry[0], int.Parse(registry[1]))}";
        settings["KUBECONFIG"] = kubeconfig = await KubeconfigAsync();
        platform = new ControlPlane { Settings = settings };
        await platform.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await platform.DisposeAsync();
        foreach (var door in doors.Values)
            await door.DisposeAsync();
        await direct.DisposeAsync();
        File.Delete(kubeconfig);
    }

    [Fact]
    public async Task A_component_that_is_away_holds_up_its_own_part_alone_and_once_it_is_back_the_removal_completes()
    {
        foreach (var (door, state, part, others) in new[]
        {
            ("BOOTTIFY_EDGE_URL", DoorState.Closed, "Route", new[] { "DNS record", "image" }),
            ("BOOTTIFY_PDNS_URL", DoorState.Failing, "DNS records", ["route", "namespace", "database", "image"]),
            ("BOOTTIFY_REGISTRY", DoorState.Failing, "Images", ["route", "DNS record", "namespace", "database"]),
            ("KUBECONFIG", DoorState.Closed, "Namespace", ["route", "DNS record", "database", "image"]),
            ("BOOTTIFY_APP_DATABASE_URL", DoorState.Closed, "Database", ["route", "DNS record", "namespace", "image"]),
        })
        {
            var app = await AppWithTracesAsync();
            (await TracesAsync(app)).Should().Equal("route", "DNS record", "namespace", "database", "image");

            doors[door].Set(state);
            await DeleteAsync(app);
            await UntilAsync(async () => await DeletionAsync(app) is { } deletion && deletion.GetProperty("blockedBy").GetString() is { } why && why.Contains($"{part}: ", StringComparison.Ordinal));
            // The others go meanwhile, each in its own time.
            await UntilAsync(async () => !(await TracesAsync(app)).Intersect(others, StringComparer.Ordinal).Any());
            (await TracesAsync(app)).Should().NotBeEmpty(door);
            (await HistoryAsync(app)).Should().NotContain(e => e is AppDeleted);
            doors[door].Refused.Should().BePositive();

            doors[door].Set(DoorState.Open);
            await UntilGoneAsync(app);
            (await TracesAsync(app)).Should().BeEmpty(door);
            var history = await HistoryAsync(app);
            history.Count(e => e is AppDeletionRequested).Should().Be(1);
            history.Count(e => e is AppDeletionBlocked).Should().BePositive();
            history[^1].Should().BeOfType<AppDeleted>();
        }
    }

    [Fact]
    public async Task A_wish_whose_note_was_lost_is_found_again_by_its_stream()
    {
        var app = await AppWithTracesAsync();
        await using (var session = platform.Store.LightweightSession())
        {
            (await session.Events.FetchForWriting<App>(app.Id, Token)).AppendOne(new AppDeletionRequested("an older version", DateTimeOffset.UtcNow));
            await session.SaveChangesAsync(Token);
        }

        // Another node starts: it looks through the streams.
        using var search = ActivatorUtilities.CreateInstance<AppRemovals>(platform.Services);
        await search.StartAsync(Token);
        await UntilGoneAsync(app);
        await search.StopAsync(Token);
        (await TracesAsync(app)).Should().BeEmpty();
    }

    [Fact]
    public async Task Many_looks_at_once_by_two_nodes_end_an_app_once()
    {
        using var second = ActivatorUtilities.CreateInstance<AppRemovals>(platform.Services);
        await second.StartAsync(Token);
        var team = await platform.CreateTeamAsync();
        var apps = new List<TestApp>();
        for (var n = 0; n < 6; n++)
            apps.Add(await platform.CreateAppAsync(team));
        foreach (var app in apps)
            (await app.PushAsync(TestApp.NewCommit(), delivery: "once")).EnsureSuccessStatusCode().Dispose();
        await Task.WhenAll(apps.SelectMany(app => Enumerable.Range(0, 3).Select(_ => DeleteAsync(app))));
        foreach (var app in apps)
        {
            await UntilGoneAsync(app);
            (await HistoryAsync(app)).Count(e => e is AppDeleted).Should().Be(1);
        }

        await second.StopAsync(Token);
        await using var session = platform.Store.QuerySession();
        // A wish that came while the app went may leave a note for one more look.
        await UntilAsync(async () => await session.Query<AppRemoval>().CountAsync(Token) == 0);
        (await session.QueryAsync<int>($"select count(*)::int from {WorkTable.Seen} where app_id = any(?)", Token, [apps.Select(app => app.Id).ToArray()]))
            .Should().Equal([0], "of a deleted app no push is remembered");
    }

    private int Open(string name, string host, int port)
    {
        doors[name] = new Doorway(host, port);
        return doors[name].Port;
    }

    private async Task<string> KubeconfigAsync()
    {
        var config = await File.ReadAllTextAsync(RealPlatform.Setting("KUBECONFIG"), Token);
        var server = new Uri(System.Text.RegularExpressions.Regex.Match(config, @"server:\s*(\S+)").Groups[1].Value);
        var path = Path.Combine(Path.GetTempPath(), $"boottify-{Guid.NewGuid():N}.kubeconfig");
        await using (var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        await using (var writer = new StreamWriter(file))
            await writer.WriteAsync(config.Replace(server.Authority, $"{server.Host}:{Open("KUBECONFIG", server.Host, server.Port)}", StringComparison.Ordinal));
        return path;
    }

    private async Task<TestApp> AppWithTracesAsync()
    {
        var app = await platform.CreateAppAsync(await platform.CreateTeamAsync());
        var names = await NamesAsync(app);
        var settings = platform.Services.GetRequiredService<PlatformSettings>();
        var host = names.Host(settings.Domain);
        await using var scope = platform.Services.CreateAsyncScope();
        var services = scope.ServiceProvider;

        var repository = await builds.RepositoryAsync(("Dockerfile", $"FROM node:20-alpine\nLABEL of={app.Id}\n"));
        var request = new BuildRequest(
            AppIds.NewDeployment(DateTimeOffset.UtcNow), app.Id, new SourceRepository(repository.Url, null), repository.Commit, "", names.ImageRepository, 3000);
        await services.GetRequiredService<IImageBuilder>().BuildAsync(request, new RecordedLog(), Token);
        var image = await services.GetRequiredService<IImageBuilder>().PushAsync(request, new RecordedLog(), Token);
        await services.GetRequiredService<IAppDatabases>().EnsureAsync(names.Database, names.DatabaseRole, "a password", Token);
        var workload = new AppWorkload(
            names.Namespace, app.Id, "t1234567", request.DeploymentId, image.Reference, 3000, "/", 1, new WorkloadResources("10m", "1", "32Mi", "256Mi"),
            new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal), [host], null, settings.Registry);
        var service = await services.GetRequiredService<ICluster>().ApplyAsync(workload, Token);
        await services.GetRequiredService<IDnsZone>().PublishAsync(host, settings.EdgeAddresses, Token);
        await services.GetRequiredService<IEdge>().PutRouteAsync(
            new AppRoute(app.Id, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), service.Upstream, [new RouteHost(host)]), Token);
        return app;
    }

    /// <summary>Asked of each component itself, past the doors.</summary>
    private async Task<IReadOnlyList<string>> TracesAsync(TestApp app)
    {
        var names = await NamesAsync(app);
        var found = new List<string>();
        if (await direct.GetRequiredService<IEdge>().GetRouteAsync(app.Id, TimeSpan.Zero, Token) is not null)
            found.Add("route");
        if (await HasAddressAsync(names.Host(RealPlatform.Setting("BOOTTIFY_DOMAIN"))))
            found.Add("DNS record");
        if ((await Kubectl.RunAsync(["get", "namespace", names.Namespace, "--ignore-not-found", "--output", "name"], Token)).Length > 0)
            found.Add("namespace");
        if (await HasDatabaseAsync(names.Database))
            found.Add("database");
        if (await HasTagsAsync(names.ImageRepository))
            found.Add("image");
        return found;
    }

    private static async Task<bool> HasAddressAsync(string host) => (await PatientLookup.AddressesAsync(RealPlatform.Setting("BOOTTIFY_DNS"), host, Token)).Count > 0;

    private static async Task<bool> HasDatabaseAsync(string name)
    {
        await using var server = NpgsqlDataSource.Create(PostgresUrl.ToConnectionString(RealPlatform.Setting("BOOTTIFY_APP_DATABASE_URL")));
        await using var command = server.CreateCommand("select 1 from pg_database where datname = $1");
        command.Parameters.Add(new NpgsqlParameter { Value = name });
        return await command.ExecuteScalarAsync(Token) is not null;
    }

    private static async Task<bool> HasTagsAsync(string repository)
    {
        using var http = new HttpClient(new PersistentHandler()) { BaseAddress = new Uri($"http://{RealPlatform.Setting("BOOTTIFY_REGISTRY")}/v2/") };
        var account = $"{RealPlatform.Setting("BOOTTIFY_REGISTRY_USER")}:{RealPlatform.Setting("BOOTTIFY_REGISTRY_PASSWORD")}";
        http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(account)));
        using var tags = await http.GetAsync(new Uri($"{repository}/tags/list", UriKind.Relative), Token);
        if (tags.StatusCode == HttpStatusCode.NotFound)
            return false;
        return !(await tags.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Token)).Contains("\"tags\":null", StringComparison.Ordinal);
    }

    private async Task<AppNames> NamesAsync(TestApp app)
    {
        await using var session = platform.Store.QuerySession();
        return (await session.LoadAsync<App>(app.Id, Token))!.Names;
    }

    private async Task<IReadOnlyList<object>> HistoryAsync(TestApp app)
    {
        await using var session = platform.Store.QuerySession();
        return [.. (await session.Events.FetchStreamAsync(app.Id, token: Token)).Select(e => e.Data)];
    }

    private async Task DeleteAsync(TestApp app)
    {
        using var accepted = await platform.Administrator.DeleteAsync(new Uri($"/api/apps/{app.Id}", UriKind.Relative), Token);
        accepted.StatusCode.Should().BeOneOf(HttpStatusCode.Accepted, HttpStatusCode.NotFound);
    }

    private async Task<JsonElement?> DeletionAsync(TestApp app) =>
        (await platform.Administrator.GetFromJsonAsync<JsonElement>($"/api/apps/{app.Id}", Token)).GetProperty("deletion");

    private Task UntilGoneAsync(TestApp app) => UntilAsync(async () =>
    {
        using var answer = await platform.Administrator.GetAsync(new Uri($"/api/apps/{app.Id}", UriKind.Relative), Token);
        return answer.StatusCode == HttpStatusCode.NotFound;
    });
}
