using Boottify.Apps;
using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Contracts.Edge;
using Boottify.Databases;
using Boottify.Dns;
using Boottify.Housekeeping;
using Boottify.IntegrationTests.Cluster;
using Boottify.IntegrationTests.Dns;
using Boottify.Routes;
using Docker.DotNet;
using Docker.DotNet.Models;
using k8s;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Housekeeping;

[Collection("Housekeeping")]
public class OrphanTests(TidyPlatform platform)
{
    private static readonly Kind[] All =
        [Kind.Namespace, Kind.Container, Kind.Workspace, Kind.Image, Kind.Manifest, Kind.Database, Kind.DnsRecord, Kind.Route];

    private static CancellationToken Token => TidyPlatform.Token;

    [Fact]
    public async Task What_a_deleted_app_has_left_of_any_kind_goes_and_a_dry_run_only_says_so()
    {
        var app = await platform.DeletedAppAsync();
        var left = await LeaveAsync(app);

        var planned = await platform.RunAsync(dryRun: true);
        planned.Items.Where(i => i.App == app && i.Outcome == Outcome.Planned).Select(i => i.Kind).Should().BeEquivalentTo(All);
        (await ThereAsync(app, left)).Should().BeEquivalentTo(All);

        var done = (await platform.RunAsync()).Items.Where(i => i.App == app).ToList();
        done.Select(i => i.Kind).Should().BeEquivalentTo(All);
        // A namespace may take longer to go than a run waits for it; of all others nothing holds any.
        done.Should().OnlyContain(i => i.Outcome == Outcome.Removed || (i.Kind == Kind.Namespace && i.Outcome == Outcome.Held));
        await TidyPlatform.UntilAsync("nothing of it is there", async () => (await ThereAsync(app, left)).Count == 0);
        (await ThereAsync(app, left)).Should().BeEmpty();

        var again = await platform.RunAsync();
        again.Items.Should().NotContain(i => i.App == app);
    }

    [Fact]
    public async Task What_a_neighbour_has_stays_however_much_it_looks_like_ours()
    {
        var gone = await platform.DeletedAppAsync();
        await using var neighbour = Neighbour();
        var theirs = AppIds.New();
        var host = $"an-app-{theirs}.{platform.Settings.Domain}";

        // Named as our deleted app's own things, but with the neighbour's mark on them.
        var cluster = neighbour.GetRequiredService<ICluster>();
        var @namespace = platform.Workload(gone);
        await cluster.ApplyAsync(@namespace, Token);
        await neighbour.GetRequiredService<IAppDatabases>().EnsureAsync($"app_{gone}", $"app_{gone}", "theirs", Token);
        // Named as ours would be, for an app and a deployment that our history has never heard of.
        await platform.Get<IDnsZone>().PublishAsync(host, "127.0.0.9", Token);
        await platform.Get<IEdge>().PutRouteAsync(new AppRoute(theirs, 1, "127.0.0.1:9", [new RouteHost(host)]), Token);
        var container = await ContainerAsync(AppIds.NewDeployment(DateTimeOffset.UtcNow.AddDays(-1)));
        var (request, pushed) = await platform.PushedAsync(theirs);
        // Another registry's, with our deleted app's id.
        await platform.Docker.Images.TagImageAsync(Local(request), new ImageTagParameters { RepositoryName = $"127.0.0.9:5999/apps/{gone}", Tag = "x" }, Token);
        try
        {
            var report = await platform.RunAsync();
            report.Items.Where(i => i.App == gone || i.App == theirs).Should().OnlyContain(i => i.Outcome == Outcome.Reported);
            report.Items.Where(i => i.App == theirs).Select(i => i.Kind).Should().BeEquivalentTo([Kind.DnsRecord, Kind.Route, Kind.Manifest]);

            (await cluster.ListNamespacesAsync(Token)).Should().Contain(n => n.Name == @namespace.Namespace && !n.Terminating);
            (await platform.Get<IAppDatabases>().ListAsync(Token)).Should().Contain(d => d.Name == $"app_{gone}" && !d.Ours);
            (await platform.Get<IDnsZone>().ListAsync(Token)).Should().Contain(r => r.Host == host);
            (await platform.Get<IEdge>().ListRoutesAsync(Token)).Should().Contain(r => r.AppId == theirs);
            (await platform.DigestAsync(request.ImageRepository, pushed.Digest)).Should().Be(pushed.Digest);
            (await platform.Docker.Containers.InspectContainerAsync(container, Token)).ID.Should().Be(container);
            (await platform.Docker.Images.InspectImageAsync($"127.0.0.9:5999/apps/{gone}:x", Token)).ID.Should().NotBeEmpty();
        }
        finally
        {
            await cluster.DeleteNamespaceAsync(@namespace.Namespace, TimeSpan.FromMinutes(1), CancellationToken.None);
            await platform.Get<IDnsZone>().WithdrawAsync(host, CancellationToken.None);
            await platform.Get<IEdge>().DeleteRouteAsync(theirs, 2, CancellationToken.None);
            await platform.Docker.Containers.RemoveContainerAsync(container, new ContainerRemoveParameters { Force = true }, CancellationToken.None);
            await platform.Docker.Images.DeleteImageAsync($"127.0.0.9:5999/apps/{gone}:x", new ImageDeleteParameters(), CancellationToken.None);
            await platform.Builder.DeletePatientlyAsync(request.ImageRepository);
        }
    }

    /// <summary>Everything that an app can have, made as the platform itself makes it.</summary>
    private async Task<Left> LeaveAsync(string app)
    {
        var host = AppNames.Of(app, "An app").Host(platform.Settings.Domain);
        await platform.Get<ICluster>().ApplyAsync(platform.Workload(app), Token);
        await platform.Get<IAppDatabases>().EnsureAsync($"app_{app}", $"app_{app}", "secret", Token);
        await platform.Get<IDnsZone>().PublishAsync(host, "127.0.0.1", Token);
        await platform.Get<IEdge>().PutRouteAsync(new AppRoute(app, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), "127.0.0.1:9", [new RouteHost(host)]), Token);
        var (request, pushed) = await platform.PushedAsync(app);
        var deployment = await platform.EndedDeploymentAsync(app);
        var workspace = Directory.CreateDirectory(Path.Combine(platform.Get<Workspaces>().Folder(deployment), "source")).Parent!.FullName;
        await platform.Builder.CleanUpAsync(request.DeploymentId, Token);
        return new Left(host, request, pushed, await ContainerAsync(deployment), workspace);
    }

    private async Task<List<Kind>> ThereAsync(string app, Left left)
    {
        var there = new List<Kind>();
        if ((await platform.Get<ICluster>().ListNamespacesAsync(Token)).Any(n => n.AppId == app && !n.Terminating))
            there.Add(Kind.Namespace);
        if ((await platform.Get<IAppDatabases>().ListAsync(Token)).Any(d => d.Name == $"app_{app}"))
            there.Add(Kind.Database);
        if ((await platform.Get<IDnsZone>().ListAsync(Token)).Any(r => r.Host == left.Host))
            there.Add(Kind.DnsRecord);
        if (await platform.Get<IEdge>().GetRouteAsync(app, TimeSpan.Zero, Token) is not null)
            there.Add(Kind.Route);
        if (await platform.DigestAsync(left.Request.ImageRepository, left.Pushed.Digest) is not null)
            there.Add(Kind.Manifest);
        if (await ExistsAsync(docker => docker.Images.InspectImageAsync(Local(left.Request), Token)))
            there.Add(Kind.Image);
        if (await ExistsAsync(docker => docker.Containers.InspectContainerAsync(left.Container, Token)))
            there.Add(Kind.Container);
        if (Directory.Exists(left.Workspace))
            there.Add(Kind.Workspace);
        return there;
    }

    /// <summary>As the engine makes one for a build that it is cut off from.</summary>
    private async Task<string> ContainerAsync(string deployment)
    {
        var parameters = new CreateContainerParameters
        {
            Image = "node:20-alpine",
            Cmd = ["sleep", "600"],
            HostConfig = new HostConfig { ExtraHosts = [BuildContainers.Marker(deployment, "run")] },
        };
        var id = (await platform.Docker.Containers.CreateContainerAsync(parameters, Token)).ID;
        await platform.Docker.Containers.StartContainerAsync(id, new ContainerStartParameters(), Token);
        return id;
    }

    private async Task<bool> ExistsAsync<T>(Func<DockerClient, Task<T>> inspect)
    {
        try
        {
            await inspect(platform.Docker);
            return true;
        }
        catch (DockerApiException e) when (e.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private string Local(BuildRequest request) => $"{platform.Settings.Registry.Address}/{request.ImageRepository}:{request.DeploymentId}";

    private static ServiceProvider Neighbour()
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables()
            .AddInMemoryCollection([new("BOOTTIFY_INSTANCE", $"neighbour-{Guid.NewGuid():N}"[..20])]).Build();
        return new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddCluster(configuration).AddAppDatabases(configuration).BuildServiceProvider();
    }

    private sealed record Left(string Host, BuildRequest Request, PushedImage Pushed, string Container, string Workspace);
}
