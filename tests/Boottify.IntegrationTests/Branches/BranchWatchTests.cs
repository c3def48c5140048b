using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Branches;
using Boottify.IntegrationTests.Builds;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Branches;

/// <summary>What the platform finds by itself, with two nodes that look every other second.</summary>
public class BranchWatchTests(TwoNodes platform) : IClassFixture<TwoNodes>
{
    [Fact]
    public async Task A_push_whose_delivery_was_lost_is_found_once_and_its_late_delivery_is_a_duplicate()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await platform.CreateAppAsync(repository.Url);
        var first = await app.DeliverAsync(await repository.PushAsync());
        await app.EndOfAsync(first);
        var lost = await repository.PushAsync();

        var found = (await Patience.UntilAsync(app.DeploymentsAsync, all => all.Count == 2))[0];
        found.Text("commit").Should().Be(lost);
        found.Text("requestedBy").Should().Be(BranchWatch.By);
        (await app.EndOfAsync(found.Text("id"))).ShouldHaveGoneOn();
        (await app.DeliverAgainAsync(lost)).Should().Be(found.Text("id"));

        // The next lost one shows that looks have gone on, and found nothing more in between.
        var next = await repository.PushAsync();
        var all = await Patience.UntilAsync(app.DeploymentsAsync, all => all.Count > 2);
        all.Select(d => d.Text("commit")).Should().HaveCount(3).And.StartWith(next);
    }

    [Fact]
    public async Task An_app_that_never_deployed_anything_is_left_alone_and_so_is_a_branch_that_it_was_connected_to_since()
    {
        await using var repository = await BranchRepository.StartAsync();
        await using var other = await BranchRepository.StartAsync();
        var untouched = await platform.CreateAppAsync(repository.Url);
        var moved = await platform.CreateAppAsync(repository.Url);
        await moved.EndOfAsync(await moved.DeliverAsync(await repository.PushAsync()));
        using (var changed = await moved.Api.PatchAsJsonAsync($"/api/apps/{moved.Id}", new { repository = new { url = other.Url } }))
            changed.StatusCode.Should().Be(HttpStatusCode.OK);
        await other.PushAsync();

        // Another app's lost push is found meanwhile, and after it theirs would be due.
        await FindLostPushAsync();
        await FindLostPushAsync();
        (await untouched.DeploymentsAsync()).Should().BeEmpty();
        (await moved.DeploymentsAsync()).Should().ContainSingle();
        (await untouched.BranchHeadAsync()).ValueKind.Should().Be(JsonValueKind.Null);

        await moved.EndOfAsync(await moved.DeliverAsync(await other.PushAsync()));
        var lost = await other.PushAsync();
        (await Patience.UntilAsync(moved.DeploymentsAsync, all => all.Count == 3))[0].Text("commit").Should().Be(lost);
    }

    [Fact]
    public async Task A_repository_that_is_away_is_left_for_longer_and_longer_says_why_and_holds_nobody_up()
    {
        await using var broken = await SmallGitServer.StartAsync(bare: null);
        var away = await platform.CreateAppAsync($"{broken.Url}/x.git");
        var delivered = await away.DeliverAsync(Engine.TestApp.NewCommit());

        // At once: a minute later it is looked at again.
        var head = await Patience.UntilAsync(away.BranchHeadAsync, h => h.ValueKind == JsonValueKind.Object);
        await away.CancelAsync(delivered);
        head.Text("error").Should().Contain("cannot be reached");
        (head.GetProperty("nextLook").GetDateTimeOffset() - head.GetProperty("lookedAt").GetDateTimeOffset())
            .Should().BeGreaterThanOrEqualTo(TimeSpan.FromMinutes(1)).And.BeLessThan(TimeSpan.FromMinutes(1.3));
        await FindLostPushAsync();
        var now = await away.BranchHeadAsync();
        (now.Text("lookedAt") == head.Text("lookedAt") || now.GetProperty("lookedAt").GetDateTimeOffset() >= head.GetProperty("nextLook").GetDateTimeOffset())
            .Should().BeTrue("it is not looked at before its turn");

        await MakeDueAsync(away.Id);
        var later = await Patience.UntilAsync(away.BranchHeadAsync, h => h.Text("lookedAt") != now.Text("lookedAt"));
        (later.GetProperty("nextLook").GetDateTimeOffset() - later.GetProperty("lookedAt").GetDateTimeOffset()).Should().BeGreaterThanOrEqualTo(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Connecting_another_repository_ends_the_wait_of_one_that_was_away()
    {
        await using var broken = await SmallGitServer.StartAsync(bare: null);
        await using var repository = await BranchRepository.StartAsync();
        var app = await platform.CreateAppAsync($"{broken.Url}/x.git");
        await app.CancelAsync(await app.DeliverAsync(Engine.TestApp.NewCommit()));
        await Patience.UntilAsync(app.BranchHeadAsync, h => h.ValueKind == JsonValueKind.Object);

        using (var changed = await app.Api.PatchAsJsonAsync($"/api/apps/{app.Id}", new { repository = new { url = repository.Url } }))
            changed.StatusCode.Should().Be(HttpStatusCode.OK);
        await app.EndOfAsync(await app.DeliverAsync(await repository.PushAsync()));
        var lost = await repository.PushAsync();
        (await Patience.UntilAsync(app.DeploymentsAsync, all => all.Count == 3))[0].Text("commit").Should().Be(lost);
        (await app.BranchHeadAsync()).GetProperty("error").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public async Task Two_nodes_that_find_the_same_lost_push_at_once_make_one_deployment()
    {
        await using var repository = await BranchRepository.StartAsync();
        var one = await platform.CreateAppAsync(repository.Url);
        await one.EndOfAsync(await one.DeliverAsync(await repository.PushAsync()));
        var two = platform.OnTheOther(one);
        var lost = await repository.PushAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).SelectMany(_ => new[] { one.SyncAsync(), two.SyncAsync() }).Append(Timer()));
        answers.Count(a => a.Status == HttpStatusCode.Accepted).Should().BeLessThanOrEqualTo(1);
        var deployments = await one.DeploymentsAsync();
        deployments.Should().HaveCount(2);
        deployments[0].Text("commit").Should().Be(lost);

        async Task<(HttpStatusCode Status, JsonElement Body)> Timer()
        {
            await MakeDueAsync(one.Id);
            return (HttpStatusCode.OK, default);
        }
    }

    [Fact]
    public async Task A_head_that_a_late_push_pushed_out_is_brought_back_even_if_nobody_noticed_then()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await platform.CreateAppAsync(repository.Url);
        var (older, newer) = (await repository.PushAsync(), await repository.PushAsync());
        await using (await app.HoldAsync(platform.Database))
        {
            var waited = await app.DeliverAsync(newer);
            var late = await app.DeliverAsync(older);
            (await app.DeploymentAsync(waited)).ShouldBeSupersededBy(late);
            await repository.RenameBranchAsync("away");
        }

        var wentOn = (await app.DeploymentsAsync())[0];
        (await app.EndOfAsync(wentOn.Text("id"))).ShouldHaveGoneOn();
        await Patience.UntilAsync(app.BranchHeadAsync, h => h.ValueKind == JsonValueKind.Object && h.GetProperty("error").ValueKind == JsonValueKind.String);
        await repository.RestoreBranchAsync("away");
        await MakeDueAsync(app.Id);
        var again = (await Patience.UntilAsync(app.DeploymentsAsync, all => all.Count == 3))[0];
        again.Text("commit").Should().Be(newer);
        (await app.EndOfAsync(again.Text("id"))).ShouldHaveGoneOn();
    }

    /// <summary>An app whose lost push is found; when it returns, both nodes have looked at all that was due before.</summary>
    private async Task FindLostPushAsync()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await platform.CreateAppAsync(repository.Url);
        await app.EndOfAsync(await app.DeliverAsync(await repository.PushAsync()));
        await repository.PushAsync();
        await Patience.UntilAsync(app.DeploymentsAsync, all => all.Count == 2);
    }

    private async Task MakeDueAsync(string app)
    {
        await using var command = platform.Database.CreateCommand("update boottify.heads set next_look = now() where app_id = @app");
        command.Parameters.AddWithValue("app", app);
        await command.ExecuteNonQueryAsync(BuildFixture.Token);
    }
}
