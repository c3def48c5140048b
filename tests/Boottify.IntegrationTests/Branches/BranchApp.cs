using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Deployments.Queue;
using Boottify.IntegrationTests.Builds;
using Boottify.IntegrationTests.Engine;
using Npgsql;

namespace Boottify.IntegrationTests.Branches;

/// <summary>An app that deploys from the branch main of a repository, as its users and its git host see it.</summary>
public sealed record BranchApp(TestApp App, HttpClient Api)
{
    public string Id => App.Id;

    public static async Task<BranchApp> CreateAsync(HttpClient api, HttpClient anonymous, string url)
    {
        var team = (await ControlPlane.PostAsync(api, "/api/teams", new { name = "A team" })).GetProperty("id").GetString();
        var app = await ControlPlane.PostAsync(api, "/api/apps", new { team, name = "An app", repository = new { url, branch = "main" } });
        return new BranchApp(new TestApp(app.GetProperty("id").GetString()!, app.GetProperty("webhook").GetProperty("secret").GetString()!, anonymous), api);
    }

    /// <summary>Delivers the push of a commit.</summary>
    /// <returns>The new deployment's id.</returns>
    public async Task<string> DeliverAsync(string commit)
    {
        using var answer = await App.PushAsync(commit);
        answer.StatusCode.Should().Be(HttpStatusCode.Accepted);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    /// <summary>Delivers a push that has arrived before.</summary>
    /// <returns>The first one's deployment.</returns>
    public async Task<string> DeliverAgainAsync(string commit)
    {
        using var answer = await App.PushAsync(commit);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> SyncAsync()
    {
        using var answer = await Api.PostAsync(new Uri($"/api/apps/{Id}/sync", UriKind.Relative), null);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    /// <summary>Asks for a deployment by hand.</summary>
    public async Task<string> DeployAsync(string commit) =>
        (await ControlPlane.PostAsync(Api, $"/api/apps/{Id}/deployments", new { commit })).GetProperty("id").GetString()!;

    public async Task<JsonElement> DeploymentAsync(string id) => await Api.GetFromJsonAsync<JsonElement>($"/api/deployments/{id}");

    public Task<JsonElement> EndOfAsync(string id) => Patience.UntilAsync(() => DeploymentAsync(id), d => d.GetProperty("finishedAt").ValueKind == JsonValueKind.String);

    /// <summary>Cancels it, and waits for that.</summary>
    public async Task CancelAsync(string id)
    {
        await ControlPlane.PostAsync(Api, $"/api/deployments/{id}/cancel", new { });
        (await EndOfAsync(id)).Text("status").Should().Be("cancelled");
    }

    /// <summary>Newest first.</summary>
    public async Task<List<JsonElement>> DeploymentsAsync() =>
        [.. (await Api.GetFromJsonAsync<JsonElement>($"/api/apps/{Id}/deployments?limit=200")).GetProperty("items").EnumerateArray()];

    public async Task<JsonElement> BranchHeadAsync() => (await Api.GetFromJsonAsync<JsonElement>($"/api/apps/{Id}")).GetProperty("branchHead");

    public Task<string> LogAsync(string deployment) => Api.GetStringAsync(new Uri($"/api/deployments/{deployment}/logs.txt", UriKind.Relative));

    /// <summary>As if a deployment of the app ran on a node elsewhere: nothing of it starts until that is over.</summary>
    public async Task<IAsyncDisposable> HoldAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(
            $"insert into {WorkTable.Work} (deployment_id, app_id, team_id, builds, queued_at, running, node, lease_until) values (@id, @app, 'elsewhere', true, now(), true, 'elsewhere', now() + interval '1 hour')");
        command.Parameters.AddWithValue("id", $"held{Id}");
        command.Parameters.AddWithValue("app", Id);
        await command.ExecuteNonQueryAsync(BuildFixture.Token);
        return new Held(database, $"held{Id}");
    }

    private sealed class Held(NpgsqlDataSource database, string id) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await using var command = database.CreateCommand($"delete from {WorkTable.Work} where deployment_id = @id");
            command.Parameters.AddWithValue("id", id);
            await command.ExecuteNonQueryAsync();
        }
    }
}

public static class DeploymentAnswers
{
    public static string Text(this JsonElement answer, string name) => answer.GetProperty(name).GetString()!;

    /// <summary>It was not held back: it came as far as commits without anything to build can.</summary>
    public static void ShouldHaveGoneOn(this JsonElement deployment)
    {
        deployment.Text("status").Should().Be("failed");
        deployment.Text("error").Should().Match(BranchRepository.WentOn);
    }

    public static void ShouldBeSupersededBy(this JsonElement deployment, string id)
    {
        deployment.Text("status").Should().Be("superseded", deployment.ToString());
        deployment.Text("supersededBy").Should().Be(id);
    }
}
