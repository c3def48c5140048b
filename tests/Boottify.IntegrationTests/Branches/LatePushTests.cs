using System.Net;
using Boottify.IntegrationTests.Engine;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Boottify.IntegrationTests.Branches;

/// <summary>Deliveries out of order. None of the commits can be built, so one that is not held back ends as failed for that.</summary>
public class LatePushTests(ControlPlane platform)
{
    [Fact]
    public async Task A_push_that_comes_after_a_newer_one_has_ended_is_superseded_by_it()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var (older, newer) = (await repository.PushAsync(), await repository.PushAsync());
        var first = await app.DeliverAsync(newer);
        (await app.EndOfAsync(first)).ShouldHaveGoneOn();

        var late = await app.DeliverAsync(older);
        (await app.EndOfAsync(late)).ShouldBeSupersededBy(first);
        (await app.LogAsync(late)).Should().Contain("late");
        (await app.DeploymentsAsync()).Should().HaveCount(2);
    }

    [Fact]
    public async Task A_push_that_took_the_place_of_a_waiting_newer_one_gives_it_back()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var (older, newer) = (await repository.PushAsync(), await repository.PushAsync());
        string waited, late;
        await using (await HoldAsync(app))
        {
            waited = await app.DeliverAsync(newer);
            late = await app.DeliverAsync(older);
            (await app.DeploymentAsync(waited)).ShouldBeSupersededBy(late);
        }

        await app.EndOfAsync(late);
        var again = (await app.DeploymentsAsync()).Single(d => d.Text("id") != waited && d.Text("id") != late);
        again.Text("commit").Should().Be(newer);
        (await app.DeploymentAsync(late)).ShouldBeSupersededBy(again.Text("id"));
        (await app.EndOfAsync(again.Text("id"))).ShouldHaveGoneOn();
        (await app.DeliverAgainAsync(newer)).Should().Be(waited, "a duplicate is answered with the first one's deployment");
        (await app.DeploymentsAsync()).Should().HaveCount(3);
    }

    [Fact]
    public async Task Any_number_of_late_pushes_in_a_row_leave_the_newest_commit_deployed_once()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var older = new List<string>();
        for (var n = 0; n < 4; n++)
            older.Add(await repository.PushAsync());
        var newest = await repository.PushAsync();
        await using (await HoldAsync(app))
        {
            await app.DeliverAsync(newest);
            foreach (var commit in older)
                await app.DeliverAsync(commit);
        }

        await Patience.UntilAsync(app.DeploymentsAsync, all => all.TrueForAll(d => d.Text("status") is "superseded" or "failed"));
        var deployments = await app.DeploymentsAsync();
        deployments.Should().HaveCount(6);
        var ended = deployments.Single(d => d.Text("status") == "failed");
        ended.Text("commit").Should().Be(newest);
        ended.ShouldHaveGoneOn();
    }

    [Fact]
    public async Task What_a_person_asked_for_comes_back_when_a_late_push_took_its_place()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var (older, newer) = (await repository.PushAsync(), await repository.PushAsync());
        await app.EndOfAsync(await app.DeliverAsync(newer));
        string wish, late;
        await using (await HoldAsync(app))
        {
            wish = await app.DeployAsync(newer);
            late = await app.DeliverAsync(older);
            (await app.DeploymentAsync(wish)).ShouldBeSupersededBy(late);
        }

        var again = (await app.EndOfAsync(late)).Text("supersededBy");
        var ended = await app.EndOfAsync(again);
        ended.ShouldHaveGoneOn();
        ended.Text("trigger").Should().Be("manual");
        ended.Text("commit").Should().Be(newer);
    }

    [Fact]
    public async Task A_branch_that_was_forced_back_deploys_the_commit_that_it_is_at()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var (older, newer) = (await repository.PushAsync(), await repository.PushAsync());
        await app.EndOfAsync(await app.DeliverAsync(newer));
        await repository.ForceBackAsync(older);
        (await app.EndOfAsync(await app.DeliverAsync(older))).ShouldHaveGoneOn();
    }

    [Fact]
    public async Task A_push_that_is_newer_than_all_that_arrived_goes_on_though_the_branch_has_moved_on()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var (first, second) = (await repository.PushAsync(), await repository.PushAsync());
        await app.EndOfAsync(await app.DeliverAsync(first));
        await repository.PushAsync();
        (await app.EndOfAsync(await app.DeliverAsync(second))).ShouldHaveGoneOn();
    }

    [Fact]
    public async Task A_push_that_an_arrived_commit_descends_from_is_late_though_the_head_was_lost()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var (older, newer) = (await repository.PushAsync(), await repository.PushAsync());
        var first = await app.DeliverAsync(newer);
        await app.EndOfAsync(first);
        var lost = await repository.PushAsync();
        (await app.EndOfAsync(await app.DeliverAsync(older))).ShouldBeSupersededBy(first);
        var (status, found) = await app.SyncAsync();
        status.Should().Be(HttpStatusCode.Accepted);
        found.Text("commit").Should().Be(lost);
    }

    [Fact]
    public async Task Where_the_branch_cannot_be_read_the_push_goes_on_and_its_log_says_so()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var (older, newer) = (await repository.PushAsync(), await repository.PushAsync());
        await app.EndOfAsync(await app.DeliverAsync(newer));
        await repository.RenameBranchAsync("trunk");
        var deployment = await app.DeliverAsync(older);
        (await app.EndOfAsync(deployment)).ShouldHaveGoneOn();
        (await app.LogAsync(deployment)).Should().Contain("cannot be found out").And.Contain("no branch 'main'");
    }

    [Fact]
    public async Task What_a_person_asks_for_is_never_late()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var (older, newer) = (await repository.PushAsync(), await repository.PushAsync());
        await app.EndOfAsync(await app.DeliverAsync(older));
        await app.EndOfAsync(await app.DeliverAsync(newer));
        (await app.EndOfAsync(await app.DeployAsync("main"))).ShouldHaveGoneOn();
        (await app.EndOfAsync(await app.DeployAsync(newer))).ShouldHaveGoneOn();
    }

    [Fact]
    public async Task A_delivery_that_repeats_after_all_is_over_changes_nothing()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var (older, newer) = (await repository.PushAsync(), await repository.PushAsync());
        var first = await app.DeliverAsync(older);
        await app.EndOfAsync(first);
        var second = await app.DeliverAsync(newer);
        await app.EndOfAsync(second);
        (await app.DeliverAgainAsync(older)).Should().Be(first);
        (await app.DeliverAgainAsync(newer)).Should().Be(second);
        (await app.DeploymentsAsync()).Should().HaveCount(2);
    }

    private Task<IAsyncDisposable> HoldAsync(BranchApp app) => app.HoldAsync(platform.Services.GetRequiredService<NpgsqlDataSource>());

    private Task<BranchApp> CreateAsync(string url) => BranchApp.CreateAsync(platform.Administrator, platform.Anonymous, url);
}
