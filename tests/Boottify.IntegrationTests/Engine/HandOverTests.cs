using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Deployments;
using Marten;
using static Boottify.Testing.Patience;

namespace Boottify.IntegrationTests.Engine;

/// <summary>A cancellation that comes while a deployment goes from one node to another.</summary>
public sealed class HandOverTests
{
    private const int Deployments = 6;

    [Fact]
    public async Task What_is_cancelled_while_its_node_stops_is_cancelled_by_the_next_node_once()
    {
        await using var silent = new SilentServer();
        await using var stays = new ControlPlane { Settings = SilentServer.Patiently };
        await stays.InitializeAsync();
        var team = await stays.CreateTeamAsync();
        var leaves = new ControlPlane { Beside = stays, Settings = SilentServer.Patiently };
        await leaves.InitializeAsync();
        var apps = new List<TestApp>();
        for (var n = 0; n < Deployments; n++)
            apps.Add(await silent.CreateAppAsync(stays, team));
        var deployments = await Task.WhenAll(apps.Select(SilentServer.DeployAsync));

        // Both nodes have some by now, and others wait.
        await UntilAsync(async () => (await stays.Administrator.GetFromJsonAsync<JsonElement>("/api/queue")).GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty("node").GetString()).OfType<string>().Distinct(StringComparer.Ordinal).Count() == 2);
        var cancelling = Task.WhenAll(deployments.Select(async deployment =>
        {
            await Task.Delay(Random.Shared.Next(500), TestContext.Current.CancellationToken);
            using var answer = await stays.Administrator.PostAsync(new Uri($"/api/deployments/{deployment}/cancel", UriKind.Relative), null);
            answer.StatusCode.Should().Be(HttpStatusCode.Accepted);
        }));
        await Task.WhenAll(cancelling, leaves.DisposeAsync().AsTask());

        foreach (var deployment in deployments)
        {
            await UntilAsync(async () => (await stays.Administrator.GetFromJsonAsync<JsonElement>($"/api/deployments/{deployment}")).GetProperty("finishedAt").ValueKind == JsonValueKind.String);
            await using var session = stays.Store.QuerySession();
            var events = (await session.Events.FetchStreamAsync(deployment)).Select(e => e.Data).ToList();
            events.OfType<CancellationRequested>().Should().ContainSingle();
            events.OfType<DeploymentCancelled>().Should().ContainSingle();
            events[^1].Should().BeOfType<DeploymentCancelled>();
        }

        (await stays.Administrator.GetFromJsonAsync<JsonElement>("/api/queue")).GetProperty("items").GetArrayLength().Should().Be(0);
    }
}
