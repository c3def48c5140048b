using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.IntegrationTests.Engine;

namespace Boottify.IntegrationTests.Branches;

/// <summary>A platform whose operator has named no Git server of its own network.</summary>
public sealed class RefusedRepositoryTests : IAsyncLifetime
{
    private readonly ControlPlane guarded = new() { Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["BOOTTIFY_GIT_PRIVATE_SERVERS"] = "" } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => guarded.InitializeAsync();

    public ValueTask DisposeAsync() => guarded.DisposeAsync();

    [Fact]
    public async Task An_address_in_the_platforms_own_network_cannot_be_set()
    {
        var team = await guarded.CreateTeamAsync();
        string[] refused =
        [
            "http://127.0.0.1:7080/x.git", "http://localhost:7080/x.git", "http://2130706433/x.git", "http://[::1]/x.git", "http://[::ffff:10.0.0.1]/x.git",
            "http://169.254.169.254/latest/meta-data", "https://10.96.0.1/x.git", "https://192.168.1.1/x.git",
        ];
        foreach (var url in refused)
        {
            using var answer = await guarded.Administrator.PostAsJsonAsync("/api/apps", new { team, name = "An app", repository = new { url } }, Token);
            await ToldAsync(answer);
        }

        var app = await BranchApp.CreateAsync(guarded.Administrator, guarded.Anonymous, "https://git.example.test/x.git");
        foreach (var url in refused)
        {
            using var answer = await app.Api.PatchAsJsonAsync($"/api/apps/{app.Id}", new { repository = new { url } }, Token);
            await ToldAsync(answer);
        }
    }

    [Fact]
    public async Task One_that_was_set_before_is_not_asked_any_more_and_the_other_settings_can_be_changed()
    {
        await using var repository = await BranchRepository.StartAsync();
        var head = await repository.PushAsync();
        var app = await SetBeforeAsync(repository.Url);

        var (status, problem) = await app.SyncAsync();
        status.Should().Be(HttpStatusCode.UnprocessableEntity);
        problem.Text("detail").Should().Contain(repository.Url).And.Contain("BOOTTIFY_GIT_PRIVATE_SERVERS");
        var deployment = await app.EndOfAsync(await app.DeliverAsync(head));
        deployment.Text("status").Should().Be("failed");
        deployment.Text("error").Should().Contain("is not fetched", "what is in the repository was not looked at");

        using var changed = await app.Api.PatchAsJsonAsync($"/api/apps/{app.Id}", new { port = 3001 }, Token);
        changed.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    /// <summary>By a node that allows it, and has gone since.</summary>
    private async Task<BranchApp> SetBeforeAsync(string url)
    {
        var before = new ControlPlane { Beside = guarded };
        await before.InitializeAsync();
        var app = await BranchApp.CreateAsync(before.Administrator, before.Anonymous, url);
        await before.DisposeAsync();
        return new BranchApp(app.App with { Client = guarded.Anonymous }, guarded.Administrator);
    }

    private static async Task ToldAsync(HttpResponseMessage answer)
    {
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).Text("detail").Should().Contain("repository.url").And.Contain("BOOTTIFY_GIT_PRIVATE_SERVERS");
    }
}
