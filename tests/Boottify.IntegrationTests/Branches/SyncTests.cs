using System.Net;
using Boottify.IntegrationTests.Builds;
using Boottify.IntegrationTests.Engine;

namespace Boottify.IntegrationTests.Branches;

/// <summary>Lost deliveries, found on demand; no timer runs on this control plane.</summary>
public class SyncTests(ControlPlane platform)
{
    [Fact]
    public async Task A_push_whose_delivery_was_lost_is_deployed_on_demand_and_its_late_delivery_is_a_duplicate()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        await app.EndOfAsync(await app.DeliverAsync(await repository.PushAsync()));
        var lost = await repository.PushAsync();

        var (status, accepted) = await app.SyncAsync();
        status.Should().Be(HttpStatusCode.Accepted);
        accepted.Text("commit").Should().Be(lost);
        accepted.Text("app").Should().Be(app.Id);
        (await app.DeliverAgainAsync(lost)).Should().Be(accepted.Text("id"));

        var deployment = await app.EndOfAsync(accepted.Text("id"));
        deployment.ShouldHaveGoneOn();
        deployment.Text("trigger").Should().Be("push");
        deployment.Text("message").Should().Contain("main");
        (await app.DeploymentsAsync()).Should().HaveCount(2);
        (await app.BranchHeadAsync()).Text("commit").Should().Be(lost);
    }

    [Fact]
    public async Task A_branch_whose_head_has_arrived_is_current_whatever_became_of_its_deployment()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var head = await repository.PushAsync();
        var deployment = await app.DeliverAsync(head);
        await app.EndOfAsync(deployment);

        for (var again = 0; again < 2; again++)
        {
            var (status, current) = await app.SyncAsync();
            status.Should().Be(HttpStatusCode.OK);
            current.Text("status").Should().Be("current");
            current.Text("commit").Should().Be(head);
            current.Text("branch").Should().Be("main");
            current.GetProperty("deployment").Text("id").Should().Be(deployment);
            current.GetProperty("deployment").Text("status").Should().Be("failed");
        }

        (await app.DeploymentsAsync()).Should().ContainSingle();
    }

    [Fact]
    public async Task An_app_that_never_deployed_anything_is_deployed_when_asked_for()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        var head = await repository.PushAsync();
        var (status, accepted) = await app.SyncAsync();
        status.Should().Be(HttpStatusCode.Accepted);
        accepted.Text("commit").Should().Be(head);
    }

    [Fact]
    public async Task Twenty_at_once_make_one_deployment()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        await repository.PushAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => app.SyncAsync()));
        answers.Count(a => a.Status == HttpStatusCode.Accepted).Should().Be(1);
        (await app.DeploymentsAsync()).Should().ContainSingle();
    }

    [Fact]
    public async Task A_repository_that_cannot_be_reached_is_a_problem_that_says_so_and_is_shown_with_the_app()
    {
        await using var broken = await SmallGitServer.StartAsync(bare: null);
        var app = await CreateAsync($"{broken.Url}/x.git");
        var (status, problem) = await app.SyncAsync();
        status.Should().Be(HttpStatusCode.UnprocessableEntity);
        problem.Text("detail").Should().Contain("cannot be reached").And.Contain(broken.Url);
        (await app.BranchHeadAsync()).Text("error").Should().Be(problem.Text("detail"));
        (await app.DeploymentsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_branch_that_is_not_there_is_named()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(repository.Url);
        await repository.PushAsync();
        await repository.RenameBranchAsync("trunk");
        var (status, problem) = await app.SyncAsync();
        status.Should().Be(HttpStatusCode.UnprocessableEntity);
        problem.Text("detail").Should().Contain("no branch 'main'");
    }

    private Task<BranchApp> CreateAsync(string url) => BranchApp.CreateAsync(platform.Administrator, platform.Anonymous, url);
}
