using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Apps;
using Boottify.Deployments;
using Boottify.Logs;
using Boottify.Platform;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Engine;

public class DeploymentLogTests(ControlPlane platform)
{
    private LogReader Reader => platform.Services.GetRequiredService<LogReader>();

    [Fact]
    public async Task Lines_are_kept_in_order_numbered_without_gaps_and_paged()
    {
        var deployment = await StartDeploymentAsync();
        await using (var log = await OpenAsync(deployment))
        {
            for (var n = 1; n <= 5_000; n++)
                await log.WriteAsync(LogOrigin.Stdout, $"line {n}", default);
            await log.FlushAsync(default);
        }

        var lines = await Reader.ReadAsync(deployment, 0, default).ToListAsync();
        lines.Select(l => l.N).Should().Equal(Enumerable.Range(1, 5_000).Select(n => (long)n));
        lines.Select(l => l.Text).Should().Equal(Enumerable.Range(1, 5_000).Select(n => $"line {n}"));

        var page = await platform.Administrator.GetFromJsonAsync<JsonElement>($"/api/deployments/{deployment}/logs?after=4321&limit=7");
        page.GetProperty("lines").EnumerateArray().Select(l => l.GetProperty("n").GetInt64()).Should().Equal(4322, 4323, 4324, 4325, 4326, 4327, 4328);
        page.GetProperty("next").GetInt64().Should().Be(4328);
        var found = await platform.Administrator.GetFromJsonAsync<JsonElement>($"/api/deployments/{deployment}/logs?search=LINE 4999");
        found.GetProperty("lines").EnumerateArray().Single().GetProperty("n").GetInt64().Should().Be(4999);
    }

    [Fact]
    public async Task A_log_that_is_opened_again_goes_on_where_it_ended()
    {
        var deployment = await StartDeploymentAsync();
        foreach (var text in new[] { "before the crash", "after it" })
        {
            await using var log = await OpenAsync(deployment);
            await log.WriteAsync(LogOrigin.System, text, default);
            await log.FlushAsync(default);
        }

        (await Reader.ReadAsync(deployment, 0, default).ToListAsync()).Select(l => (l.N, l.Text))
            .Should().Equal((1, "before the crash"), (2, "after it"));
    }

    [Fact]
    public async Task A_node_that_lost_the_deployment_cannot_write_to_its_log_any_more()
    {
        var deployment = await StartDeploymentAsync();
        await using var zombie = await OpenAsync(deployment);
        await zombie.WriteAsync(LogOrigin.Stdout, "mine", default);
        await zombie.FlushAsync(default);
        await using var heir = await OpenAsync(deployment);
        await heir.WriteAsync(LogOrigin.Stdout, "the heir's", default);
        await heir.FlushAsync(default);

        await zombie.WriteAsync(LogOrigin.Stdout, "too late", default);
        var late = () => zombie.FlushAsync(default);
        await late.Should().ThrowAsync<LostDeploymentException>();
        zombie.Lost.Should().BeTrue();
        (await Reader.ReadAsync(deployment, 0, default).ToListAsync()).Select(l => l.Text).Should().Equal("mine", "the heir's");
    }

    [Fact]
    public async Task Secrets_of_the_app_are_never_stored()
    {
        var team = await platform.CreateTeamAsync();
        var app = await platform.CreateAppAsync(team);
        using (await platform.Administrator.PutAsJsonAsync($"/api/apps/{app.Id}/env/API_KEY", new { value = "kq93-very-secret" }))
        {
        }

        var deployment = await StartDeploymentAsync(app.Id, team);
        await using (var log = await OpenAsync(deployment))
        {
            await log.WriteAsync(LogOrigin.Stdout, "API_KEY=kq93-very-secret", default);
            await log.WriteAsync(LogOrigin.Stdout, Convert.ToBase64String("kq93-very-secret"u8), default);
            await log.WriteAsync(LogOrigin.Stdout, $"hook {app.Secret}", default);
            await log.FlushAsync(default);
        }

        (await Reader.ReadAsync(deployment, 0, default).ToListAsync()).Select(l => l.Text)
            .Should().Equal($"API_KEY={Redactor.Mark}", Redactor.Mark, $"hook {Redactor.Mark}");
    }

    [Fact]
    public async Task A_follower_who_resumes_anywhere_gets_what_is_left_once_and_in_order()
    {
        var deployment = await StartDeploymentAsync();
        await using (var log = await OpenAsync(deployment))
        {
            for (var n = 1; n <= 1_200; n++)
                await log.WriteAsync(LogOrigin.Stdout, $"line {n}", default);
            await log.FlushAsync(default);
        }

        await using (var session = platform.Store.LightweightSession())
        {
            session.Events.Append(deployment, new DeploymentFailed("for the test", DateTimeOffset.UtcNow));
            await session.SaveChangesAsync();
        }

        var feed = platform.Services.GetRequiredService<DeploymentFeed>();
        var whole = await feed.FollowAsync(deployment, default, default).Where(i => i.Position is not null).ToListAsync();
        whole[^1].Event.Should().Be("end");
        foreach (var (index, item) in whole.Index().SkipLast(1))
        {
            var rest = await feed.FollowAsync(deployment, item.Position!.Value, default).Where(i => i.Position is not null).ToListAsync();
            rest.Select(i => (i.Event, i.Position)).Should().Equal(whole.Skip(index + 1).Select(i => (i.Event, i.Position)));
        }
    }

    /// <summary>A deployment that is nobody's to run.</summary>
    private async Task<string> StartDeploymentAsync(string? app = null, string? team = null)
    {
        team ??= await platform.CreateTeamAsync();
        app ??= (await platform.CreateAppAsync(team)).Id;
        var id = AppIds.NewDeployment(DateTimeOffset.UtcNow);
        await using var session = platform.Store.LightweightSession();
        session.Events.StartStream<Deployment>(id, new DeploymentRequested(
            id, app, "An app", team, TestApp.NewCommit(), "main", null, Trigger.Push, "test", null, null, DateTimeOffset.UtcNow));
        await session.SaveChangesAsync();
        return id;
    }

    private Task<DeploymentLog> OpenAsync(string deployment) => platform.Services.GetRequiredService<DeploymentLogs>().OpenAsync(deployment, default);
}
