using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Apps;
using Boottify.Cluster;
using Boottify.Contracts.Edge;
using Boottify.Deployments;
using Boottify.Housekeeping;
using Boottify.IntegrationTests.Engine;
using Boottify.IntegrationTests.Routes;
using Boottify.Routes;
using Marten;

namespace Boottify.IntegrationTests.Housekeeping;

/// <summary>What deployments that ended badly leave, and Services that are not where they were.</summary>
[Collection("Housekeeping")]
public class LeftBehindTests(TidyPlatform platform)
{
    private const string Server = "if (process.env.MODE === 'crash') process.exit(3); require('http').createServer((q, s) => s.end('hello')).listen(process.env.PORT || 3000, '0.0.0.0')";

    private static CancellationToken Token => TidyPlatform.Token;

    private ICluster Cluster => platform.Get<ICluster>();

    [Fact]
    public async Task A_release_that_a_rollback_which_gave_up_did_not_put_back_is_put_back_once_the_cluster_can_be_asked_again()
    {
        var app = await DeployedAsync();
        var failed = await platform.EndedDeploymentAsync(app);
        // The cluster went away with this in it: what serves is replaced as soon as the image can be had.
        var left = await WorkloadAsync(app) with { DeploymentId = failed, Image = $"127.0.0.1:1/none@sha256:{new string('0', 64)}" };
        await Cluster.ApplyAsync(left, Token);

        (await platform.RunAsync(dryRun: true)).Items.Should().ContainSingle(i => i.App == app).Which.Outcome.Should().Be(Outcome.Planned);
        (await RunsAsync(app)).Should().Be(failed);
        var item = (await platform.RunAsync()).Items.Should().ContainSingle(i => i.App == app).Subject;
        (item.Kind, item.Outcome).Should().Be((Kind.Namespace, Outcome.Restored));
        item.Reason.Should().Contain(failed).And.Contain("release 1");

        var last = await EndOfLastAsync(app);
        last.GetProperty("status").GetString().Should().Be("succeeded", last.GetRawText());
        last.GetProperty("requestedBy").GetString().Should().Be("housekeeping");
        (await RunsAsync(app)).Should().Be(last.GetProperty("id").GetString());
        await AnswersAsync(app);
        (await platform.RunAsync()).Items.Should().NotContain(i => i.App == app, "nothing is wrong any more");
    }

    [Fact]
    public async Task What_a_first_deployment_has_left_running_is_removed_after_its_route()
    {
        var app = await platform.NewAppAsync();
        var workload = platform.Workload(app) with { DeploymentId = await platform.EndedDeploymentAsync(app) };
        var service = await Cluster.ApplyAsync(workload, Token);
        await platform.Get<IEdge>().PutRouteAsync(
            new AppRoute(app, DateTimeOffset.UtcNow.AddSeconds(-5).ToUnixTimeMilliseconds(), service.Upstream, [new RouteHost(workload.Hosts[0])]), Token);

        var items = (await platform.RunAsync()).Items.Where(i => i.App == app).ToList();
        // That its pods take their time to go would be told, too.
        items.Select(i => i.Kind).Should().Equal(Kind.Route, Kind.Namespace);
        (await platform.Get<IEdge>().GetRouteAsync(app, TimeSpan.Zero, Token)).Should().BeNull();
        (await Cluster.FindServiceAsync(workload.Namespace, Token)).Should().BeNull();
        (await RunsAsync(app)).Should().BeNull();
        (await platform.RunAsync()).Items.Should().NotContain(i => i.App == app);
    }

    [Fact]
    public async Task A_lost_route_is_put_back_to_where_the_Service_is_now()
    {
        var app = await DeployedAsync();
        var workload = await WorkloadAsync(app);
        var before = (await Cluster.FindServiceAsync(workload.Namespace, Token))!;
        await MoveServiceAsync(workload);
        await platform.Get<IEdge>().DeleteRouteAsync(app, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), Token);

        (await platform.RunAsync()).Items.Where(i => i.App == app).Select(i => (i.Kind, i.Outcome)).Should().Equal((Kind.Route, Outcome.Restored));
        (await UpstreamAsync(app)).Should().Be((await Cluster.FindServiceAsync(workload.Namespace, Token))!.Upstream).And.NotBe(before.Upstream);
        await AnswersAsync(app);
    }

    [Fact]
    public async Task A_rollback_leads_the_route_to_a_Service_that_the_failed_deployment_made_anew()
    {
        var app = await DeployedAsync();
        var names = AppNames.Of(app, "An app");
        var before = await UpstreamAsync(app);
        await TidyPlatform.UntilAsync("the namespace is gone", async () => await Cluster.DeleteNamespaceAsync(names.Namespace, TimeSpan.FromSeconds(30), Token) is null);

        using (var set = await platform.ControlPlane.Administrator.PutAsJsonAsync($"/api/apps/{app}/env/MODE", new { value = "crash" }, Token))
            set.IsSuccessStatusCode.Should().BeTrue();
        await ControlPlane.PostAsync(platform.ControlPlane.Administrator, $"/api/apps/{app}/deployments", new { force = true });
        var last = await EndOfLastAsync(app);
        last.GetProperty("status").GetString().Should().Be("rolledBack", last.GetRawText());
        (await UpstreamAsync(app)).Should().Be((await Cluster.FindServiceAsync(names.Namespace, Token))!.Upstream).And.NotBe(before);
        await AnswersAsync(app);
    }

    private async Task<string> DeployedAsync()
    {
        var repository = await platform.RepositoryAsync($"FROM node:20-alpine\nENV X={Guid.NewGuid()}\nCOPY server.js /server.js\nUSER 1000\nCMD [\"node\", \"/server.js\"]\n", ("server.js", Server));
        var app = await platform.NewAppAsync(repository.Url);
        await ControlPlane.PostAsync(platform.ControlPlane.Administrator, $"/api/apps/{app}/deployments", new { });
        var first = await EndOfLastAsync(app);
        first.GetProperty("status").GetString().Should().Be("succeeded", first.GetRawText());
        return app;
    }

    /// <summary>Of the current release, as the cluster has it.</summary>
    private async Task<AppWorkload> WorkloadAsync(string app)
    {
        await using var session = platform.ControlPlane.Store.QuerySession();
        var current = (await session.LoadAsync<App>(app, Token))!;
        var deployment = (await session.LoadAsync<Deployment>(current.CurrentRelease!.DeploymentId, Token))!;
        return await platform.Get<StepInputs>().WorkloadAsync(new StepInput(deployment, current, current, new Builds.RecordedLog()), current.CurrentRelease, Token);
    }

    /// <summary>As it is when somebody removes it and it is made again.</summary>
    private async Task MoveServiceAsync(AppWorkload workload)
    {
        await Kubectl.RunAsync(["delete", "service", AppNames.Workload, "--namespace", workload.Namespace], Token);
        await Cluster.ApplyAsync(workload, Token);
    }

    private async Task<string?> RunsAsync(string app) => (await Cluster.ListNamespacesAsync(Token)).Single(n => n.AppId == app).DeploymentId;

    private async Task<string?> UpstreamAsync(string app) => (await platform.Get<IEdge>().GetRouteAsync(app, TimeSpan.Zero, Token))?.Upstream;

    private Task AnswersAsync(string app) => platform.Get<EdgeProbe>().UntilAnsweredAsync(AppNames.Of(app, "An app").Host(platform.Settings.Domain));

    private async Task<JsonElement> EndOfLastAsync(string app)
    {
        JsonElement last = default;
        await TidyPlatform.UntilAsync("the last deployment ends", async () =>
        {
            var all = await platform.ControlPlane.Administrator.GetFromJsonAsync<JsonElement>($"/api/apps/{app}/deployments", Token);
            last = all.GetProperty("items")[0];
            return last.GetProperty("finishedAt").ValueKind == JsonValueKind.String;
        });
        return last;
    }
}
