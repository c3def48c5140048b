using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Apps;
using Boottify.Deployments;
using Boottify.Routes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Boottify.IntegrationTests.Engine;

public class IntakeTests(ControlPlane platform)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hundred_copies_of_one_push_at_once_make_one_deployment()
    {
        var app = await platform.CreateAppAsync(await platform.CreateTeamAsync());
        var commit = TestApp.NewCommit();
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => app.PushAsync(commit, delivery: "one")));

        answers.Count(a => a.StatusCode == HttpStatusCode.Accepted).Should().Be(1);
        answers.Count(a => a.StatusCode == HttpStatusCode.OK).Should().Be(99);
        var ids = await Task.WhenAll(answers.Select(IdAsync));
        ids.Distinct().Should().HaveCount(1);
        (await DeploymentsAsync(app)).Should().HaveCount(1);
    }

    [Fact]
    public async Task A_hundred_different_pushes_at_once_lose_nobody_and_leave_at_most_one_waiting()
    {
        var app = await platform.CreateAppAsync(await platform.CreateTeamAsync());
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => app.PushAsync(TestApp.NewCommit())));

        answers.Should().OnlyContain(a => a.StatusCode == HttpStatusCode.Accepted);
        var deployments = await DeploymentsAsync(app);
        deployments.Should().HaveCount(30);
        deployments.Count(d => d.GetProperty("status").GetString() == "queued").Should().BeLessThanOrEqualTo(1);
        foreach (var superseded in deployments.Where(d => d.GetProperty("status").GetString() == "superseded"))
            deployments.Select(d => d.GetProperty("id").GetString()).Should().Contain(superseded.GetProperty("supersededBy").GetString());
    }

    [Fact]
    public async Task A_wish_comes_after_those_before_it_though_their_nodes_clocks_were_ahead()
    {
        var team = await platform.CreateTeamAsync();
        var app = await platform.CreateAppAsync(team);
        await using var session = platform.Store.QuerySession();
        var target = (await session.LoadAsync<App>(app.Id, Token))!;
        var database = platform.Services.GetRequiredService<NpgsqlDataSource>();

        var ahead = await AcceptAsync(new OffClock(TimeSpan.FromHours(1)));
        var next = await AcceptAsync(TimeProvider.System);
        var last = await AcceptAsync(TimeProvider.System);

        ahead.RequestedAt.Should().BeAfter(DateTimeOffset.UtcNow.AddMinutes(50));
        new[] { ahead, next, last }.Select(RouteVersion.Of).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems("the edge refuses a route that is not newer");
        new[] { ahead, next, last }.Select(d => d.Id).Should().BeInAscendingOrder(StringComparer.Ordinal);
        RouteVersion.OfDeletion(await RequestMoment.NextAsync(session, app.Id, TimeProvider.System, Token)).Should().BeGreaterThan(RouteVersion.Of(last));

        async Task<Deployment> AcceptAsync(TimeProvider clock) => (await new DeploymentIntake(platform.Store, database, clock).AcceptAsync(
            new DeploymentWish(target, TestApp.NewCommit(), "main", null, Trigger.Push, "a test", null, null, []), Token)).Deployment;
    }

    [Fact]
    public async Task The_same_delivery_with_another_commit_is_still_the_same_delivery()
    {
        var app = await platform.CreateAppAsync(await platform.CreateTeamAsync());
        var first = await IdAsync(await app.PushAsync(TestApp.NewCommit(), delivery: "d-1"));
        var again = await app.PushAsync(TestApp.NewCommit(), delivery: "d-1");
        again.StatusCode.Should().Be(HttpStatusCode.OK);
        (await IdAsync(again)).Should().Be(first);
    }

    [Fact]
    public async Task A_push_to_another_branch_deploys_nothing()
    {
        var app = await platform.CreateAppAsync(await platform.CreateTeamAsync());
        using var answer = await app.PushAsync(TestApp.NewCommit(), branch: "feature");
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetString().Should().Be("ignored");
        (await DeploymentsAsync(app)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_wrong_signature_is_refused_and_tells_nothing_of_whether_the_app_exists()
    {
        var app = await platform.CreateAppAsync(await platform.CreateTeamAsync());
        using var wrong = await app.SendAsync($$"""{"app":"{{app.Id}}","sha":"{{TestApp.NewCommit()}}"}""", "not the secret");
        using var nobody = await app.SendAsync($$"""{"app":"a0000000","sha":"{{TestApp.NewCommit()}}"}""", "not the secret");
        wrong.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        nobody.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await DetailAsync(nobody)).Should().Be(await DetailAsync(wrong));
    }

    [Theory]
    [InlineData("")]
    [InlineData("rubbish{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"app\":17}")]
    [InlineData("\0\0\0")]
    public async Task Rubbish_gets_a_problem_that_says_what_to_send(string body)
    {
        var app = await platform.CreateAppAsync(await platform.CreateTeamAsync());
        using var answer = await app.SendAsync(body, app.Secret);
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        (await DetailAsync(answer)).Should().Contain("JSON");
    }

    [Fact]
    public async Task A_commit_that_is_none_gets_a_problem()
    {
        var app = await platform.CreateAppAsync(await platform.CreateTeamAsync());
        using var answer = await app.PushAsync("main; rm -rf /");
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await DetailAsync(answer)).Should().Contain("sha");
    }

    private async Task<List<JsonElement>> DeploymentsAsync(TestApp app) =>
        [.. (await platform.Administrator.GetFromJsonAsync<JsonElement>($"/api/apps/{app.Id}/deployments?limit=200")).GetProperty("items").EnumerateArray()];

    private static async Task<string> IdAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;

    private static async Task<string> DetailAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()!;
}
