using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Apps;
using Boottify.Cluster;
using Boottify.Contracts.Edge;
using Boottify.Dns;
using Boottify.Housekeeping;
using Boottify.IntegrationTests.Dns;
using Boottify.IntegrationTests.Routes;
using Boottify.Routes;
using k8s;
using k8s.Models;

namespace Boottify.IntegrationTests.Housekeeping;

[Collection("Housekeeping")]
public class RepairTests(TidyPlatform platform)
{
    private const string Server = "require('http').createServer((q, s) => s.end('hello')).listen(process.env.PORT || 3000, '0.0.0.0')";

    private static CancellationToken Token => TidyPlatform.Token;

    [Fact]
    public async Task What_somebody_removed_from_under_a_live_app_is_put_back()
    {
        var repository = await platform.RepositoryAsync("FROM node:20-alpine\nCOPY server.js /server.js\nUSER 1000\nCMD [\"node\", \"/server.js\"]\n", ("server.js", Server));
        var app = await platform.NewAppAsync(repository.Url);
        var names = AppNames.Of(app, "An app");
        var host = names.Host(platform.Settings.Domain);
        using (var deploy = await platform.ControlPlane.Administrator.PostAsJsonAsync($"/api/apps/{app}/deployments", new { }, Token))
            deploy.StatusCode.Should().Be(HttpStatusCode.Accepted, await deploy.Content.ReadAsStringAsync(Token));
        await UntilSucceededAsync(app, releases: 1);
        (await platform.RunAsync()).Items.Should().NotContain(i => i.App == app, "nothing is missing");

        await platform.Get<IEdge>().DeleteRouteAsync(app, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), Token);
        await platform.Get<IDnsZone>().PublishAsync(host, "127.0.0.9", Token);
        var report = await platform.RunAsync();
        Restored(report, app).Should().BeEquivalentTo([Kind.Route, Kind.DnsRecord]);
        await AnswersAsync(host);

        await MisleadAsync(app, host);
        var planned = (await platform.RunAsync(dryRun: true)).Items.Should().ContainSingle(i => i.App == app).Which;
        (planned.Kind, planned.Outcome).Should().Be((Kind.Route, Outcome.Planned));
        planned.Reason.Should().Contain("leads to 10.0.0.9:9 instead of").And.Contain($"wrong-{host} instead of {host}");
        Restored(await platform.RunAsync(), app).Should().BeEquivalentTo([Kind.Route]);
        (await platform.Get<IEdge>().GetRouteAsync(app, TimeSpan.Zero, Token))!.Hosts.Should().ContainSingle().Which.Host.Should().Be(host);
        await AnswersAsync(host);
        (await platform.RunAsync()).Items.Should().NotContain(i => i.App == app, "it is right now");

        await platform.Get<IDnsZone>().WithdrawAsync(host, Token);
        await TidyPlatform.UntilAsync("the namespace is gone", async () =>
            await platform.Get<ICluster>().DeleteNamespaceAsync(names.Namespace, TimeSpan.FromSeconds(30), Token) is null);
        report = await platform.RunAsync();
        Restored(report, app).Should().BeEquivalentTo([Kind.Namespace, Kind.DnsRecord]);
        await UntilSucceededAsync(app, releases: 2);
        await AnswersAsync(host);
        (await DeploymentsAsync(app))[0].Should().Match<JsonElement>(d =>
            d.GetProperty("requestedBy").GetString() == "housekeeping" && d.GetProperty("trigger").GetString() == "rollback" && d.GetProperty("toRelease").GetInt32() == 1);

        await platform.Get<IKubernetes>().AppsV1.DeleteNamespacedDeploymentAsync("app", names.Namespace, cancellationToken: Token);
        Restored(await platform.RunAsync(), app).Should().BeEquivalentTo([Kind.Namespace]);
        await UntilSucceededAsync(app, releases: 3);
    }

    /// <summary>As somebody would who puts routes at the edge by hand.</summary>
    private async Task MisleadAsync(string app, string host)
    {
        var team = (await platform.ControlPlane.Administrator.GetFromJsonAsync<JsonElement>($"/api/apps/{app}", Token)).GetProperty("team").GetString();
        var route = new AppRoute(app, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), "10.0.0.9:9", [new RouteHost(host), new RouteHost($"wrong-{host}")], Team: team);
        await platform.Get<IEdge>().PutRouteAsync(route, Token);
    }

    private async Task AnswersAsync(string host)
    {
        (await platform.Get<IDnsZone>().ListAsync(Token)).Should().Contain(r => r.Host == host && r.Addresses.SequenceEqual(platform.Settings.EdgeAddresses.Select(a => a.ToString())));
        await platform.Get<EdgeProbe>().UntilAnsweredAsync(host);
    }

    private Task UntilSucceededAsync(string app, int releases) => TidyPlatform.UntilAsync($"release {releases} is live", async () =>
    {
        var last = (await DeploymentsAsync(app))[0];
        new[] { "failed", "rolledBack", "cancelled" }.Should().NotContain(last.GetProperty("status").GetString(), last.GetRawText());
        return last.GetProperty("status").GetString() == "succeeded" && last.GetProperty("release").GetInt32() == releases;
    });

    private async Task<IReadOnlyList<JsonElement>> DeploymentsAsync(string app) =>
        [.. (await platform.ControlPlane.Administrator.GetFromJsonAsync<JsonElement>($"/api/apps/{app}/deployments", Token)).GetProperty("items").EnumerateArray()];

    private static IEnumerable<Kind> Restored(HousekeepingReport report, string app) =>
        report.Items.Where(i => i.App == app && i.Outcome == Outcome.Restored).Select(i => i.Kind);
}
