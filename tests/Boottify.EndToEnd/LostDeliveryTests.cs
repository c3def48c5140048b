using System.Net;

namespace Boottify.EndToEnd;

public sealed class LostDeliveryTests(Platform platform)
{
    [Fact]
    public async Task A_push_of_which_no_delivery_came_is_deployed_on_demand_and_its_late_delivery_is_a_duplicate()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("version 1"), "Lost");
        (await app.PushAsync()).Status.Should().Be("succeeded");
        await app.Source.CommitAsync(TestApps.Serving("version 2"));

        var found = await (await SyncAsync(app)).ReadAsync<Accepted>(HttpStatusCode.Accepted);
        found.Commit.Should().Be(app.Source.Head);
        var ended = await app.EndOfAsync(found.Id);
        ended.Status.Should().Be("succeeded", ended.Error);
        (await app.GetStringAsync()).Should().Be("version 2");

        (await (await app.SendWebhookAsync()).ReadAsync<Accepted>()).Id.Should().Be(found.Id);
        (await (await SyncAsync(app)).ReadAsync<Current>()).Deployment.Id.Should().Be(found.Id);
        (await app.DeploymentsAsync()).Should().HaveCount(2);
    }

    [Fact]
    public async Task A_push_that_comes_late_replaces_neither_a_newer_one_that_runs_nor_one_that_serves()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("version 1"), "Late");
        (await app.PushAsync()).Status.Should().Be("succeeded");
        var older = new[] { await app.Source.CommitAsync(TestApps.Serving("version 2")), await app.Source.CommitAsync(TestApps.Serving("version 3")) };
        await app.Source.CommitAsync(TestApps.Serving("version 4"));

        var newest = await app.AnnounceAsync();
        await app.UntilStepAsync(newest, "build");
        var whileItRuns = await DeliverAsync(app, older[0]);
        var serving = await app.EndOfAsync(newest);
        serving.Status.Should().Be("succeeded", serving.Error);
        await app.EndOfAsync(whileItRuns); // Else the next one finds it waiting, and takes its place as any later push does.
        var afterIt = await DeliverAsync(app, older[1]);

        foreach (var late in new[] { whileItRuns, afterIt })
        {
            var ended = await app.EndOfAsync(late);
            ended.Status.Should().Be("superseded", ended.Error);
            ended.SupersededBy.Should().Be(newest);
            ended.Steps.Where(step => step.StartedAt is not null).Should().ContainSingle().Which.Name.Should().Be("validate");
        }

        await app.ShouldServeAsync(serving, "version 4");
    }

    [Fact]
    public async Task A_push_that_comes_late_gives_back_the_place_of_a_newer_one_that_waits()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Ticking(), "Late and in the way");
        var running = await app.AnnounceAsync();
        await app.UntilLineAsync(running, "tick 1");
        var older = await app.Source.CommitAsync(TestApps.Serving("version 2"));
        var newer = await app.Source.CommitAsync(TestApps.Serving("version 3"));
        var waiting = await app.AnnounceAsync();
        var late = await DeliverAsync(app, older);
        (await app.DeploymentAsync(waiting)).SupersededBy.Should().Be(late, "which is older is not known yet");

        await app.CancelAsync(running);
        var again = await app.EndOfAsync((await app.EndOfAsync(late)).SupersededBy!);
        again.Commit.Should().Be(newer);
        again.Status.Should().Be("succeeded", again.Error);
        await app.ShouldServeAsync(again, "version 3");
    }

    private Task<HttpResponseMessage> SyncAsync(DeployableApp app) => platform.Api.PostAsync($"api/apps/{app.Id}/sync", null, Platform.Deadline());

    private static async Task<string> DeliverAsync(DeployableApp app, string commit) =>
        (await (await app.SendWebhookAsync(commit)).ReadAsync<Accepted>(HttpStatusCode.Accepted)).Id;

    private sealed record Current(string Status, string Commit, Accepted Deployment);
}
