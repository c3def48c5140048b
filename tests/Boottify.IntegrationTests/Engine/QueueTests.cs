using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Platform;
using Microsoft.Extensions.DependencyInjection;
using static Boottify.Testing.Patience;

namespace Boottify.IntegrationTests.Engine;

/// <summary>The queue of a real host whose build slots are full: the apps' git server takes connections and never answers.</summary>
public sealed class QueueTests : IAsyncLifetime
{
    private readonly SilentServer silent = new();
    // Nobody gives up its slot because the server is silent for too long.
    private readonly ControlPlane platform = new() { Settings = SilentServer.Patiently };

    public ValueTask InitializeAsync() => platform.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await platform.DisposeAsync();
        await silent.DisposeAsync();
    }

    [Fact]
    public async Task With_a_hundred_of_one_team_waiting_the_one_of_another_team_is_the_next_to_start()
    {
        var slots = platform.Services.GetRequiredService<PlatformSettings>().BuildsPerNode;
        var (busy, other, third) = (await platform.CreateTeamAsync(), await platform.CreateTeamAsync(), await platform.CreateTeamAsync());
        var apps = new List<TestApp>();
        for (var n = 0; n < 100 + slots; n++)
            apps.Add(await silent.CreateAppAsync(platform, busy));
        var (lonely, late) = (await silent.CreateAppAsync(platform, other), await silent.CreateAppAsync(platform, third));
        var crowd = new List<string>();
        foreach (var some in apps.Chunk(10))
            crowd.AddRange(await Task.WhenAll(some.Select(SilentServer.DeployAsync)));
        await UntilAsync(async () => (await QueueAsync(platform.Administrator)).GetProperty("running").GetInt32() == slots);

        var lone = await SilentServer.DeployAsync(lonely);
        var later = await SilentServer.DeployAsync(late);
        var member = await platform.CreateMemberAsync(other, "viewer");
        var view = await member.GetFromJsonAsync<JsonElement>($"/api/deployments/{lone}");
        view.GetProperty("queuePosition").GetInt64().Should().Be(1);
        view.GetProperty("waitingFor").GetString().Should().Be("a free build slot");

        // A team sees its own, and of the others a number.
        var own = (await QueueAsync(member)).GetProperty("items").EnumerateArray().Single();
        own.GetProperty("deployment").GetString().Should().Be(lone);
        own.GetProperty("place").GetInt64().Should().Be(1);
        own.GetProperty("othersAhead").GetInt64().Should().Be(0);
        (await QueueAsync(member)).ToString().Should().NotContain(crowd[0]).And.NotContain(busy);
        var theirs = (await QueueAsync(await platform.CreateMemberAsync(busy, "viewer"))).GetProperty("items").EnumerateArray().ToList();
        theirs.Should().HaveCount(100 + slots);
        theirs[slots].GetProperty("place").GetInt64().Should().Be(3);
        theirs[slots].GetProperty("othersAhead").GetInt64().Should().Be(2);
        theirs.Take(slots).Should().OnlyContain(item => item.GetProperty("step").GetString() == "validate" && item.GetProperty("node").GetString() != null);
        (await QueueAsync(platform.Administrator)).GetProperty("items").GetArrayLength().Should().Be(102 + slots);

        // Two slots get free, one after the other.
        var running = theirs.Take(slots).Select(item => item.GetProperty("deployment").GetString()!).ToList();
        await CancelAsync(running[0]);
        await UntilAsync(async () => await StepAsync(lone) is not null);
        (await StartedAsync(crowd)).Should().Be(slots, "nobody else got the slot");
        await CancelAsync(running[1 % slots]);
        if (slots > 1)
        {
            await UntilAsync(async () => await StepAsync(later) is not null);
            (await StartedAsync(crowd)).Should().Be(slots);
        }
    }

    private async Task CancelAsync(string deployment)
    {
        using var answer = await platform.Administrator.PostAsync(new Uri($"/api/deployments/{deployment}/cancel", UriKind.Relative), null);
        answer.StatusCode.Should().Be(HttpStatusCode.Accepted);
    }

    private static async Task<JsonElement> QueueAsync(HttpClient client) => await client.GetFromJsonAsync<JsonElement>("/api/queue");

    private async Task<string?> StepAsync(string deployment) =>
        (await platform.Administrator.GetFromJsonAsync<JsonElement>($"/api/deployments/{deployment}")).GetProperty("startedAt").GetString();

    private async Task<int> StartedAsync(IEnumerable<string> deployments)
    {
        var started = 0;
        foreach (var deployment in deployments)
            started += await StepAsync(deployment) is null ? 0 : 1;
        return started;
    }
}
