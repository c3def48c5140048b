using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.IntegrationTests.Branches;
using Boottify.IntegrationTests.Builds;
using Boottify.IntegrationTests.Engine;

namespace Boottify.IntegrationTests.Domains;

/// <summary>An app that is really deployed, to return to its releases; it goes with the test.</summary>
public sealed class ReturnedApp : IAsyncDisposable
{
    private const string Server = "if (process.env.MODE === 'crash') process.exit(3); require('http').createServer((q, s) => s.end('hello')).listen(process.env.PORT || 3000, '0.0.0.0')";

    private readonly BranchApp app;

    private ReturnedApp(BranchApp app) => this.app = app;

    public string Id => app.Id;

    public TestApp Test => app.App;

    public static async Task<ReturnedApp> CreateAsync(ControlPlane platform, BuildFixture builds)
    {
        var repository = await builds.RepositoryAsync(("Dockerfile", $"FROM node:20-alpine\nENV X={Guid.NewGuid()}\nCOPY server.js /server.js\nUSER 1000\nCMD [\"node\", \"/server.js\"]\n"), ("server.js", Server));
        return new ReturnedApp(await BranchApp.CreateAsync(platform.Administrator, platform.Anonymous, repository.Url));
    }

    public async Task DeployAsync() => Text(await app.EndOfAsync(await app.DeployAsync("main")), "status").Should().Be("succeeded");

    /// <returns>The deployment, once it has ended.</returns>
    public async Task<JsonElement> RollBackAsync(object body) =>
        await app.EndOfAsync(Text(await ControlPlane.PostAsync(app.Api, $"/api/apps/{Id}/rollback", body), "id"));

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<JsonElement>> ReleasesAsync() => await ItemsAsync("releases");

    public async Task<IReadOnlyList<string>> DomainsAsync() => [.. (await ItemsAsync("domains")).Select(d => Text(d, "host"))];

    public Task<string> LogAsync(JsonElement deployment) => app.LogAsync(Text(deployment, "id"));

    public async ValueTask DisposeAsync()
    {
        using var deleted = await app.Api.DeleteAsync(new Uri($"/api/apps/{Id}", UriKind.Relative));
        await Patience.UntilAsync(
            async () =>
            {
                using var look = await app.Api.GetAsync(new Uri($"/api/apps/{Id}", UriKind.Relative));
                return look.StatusCode;
            },
            status => status == HttpStatusCode.NotFound);
    }

    private async Task<IReadOnlyList<JsonElement>> ItemsAsync(string what) =>
        [.. (await app.Api.GetFromJsonAsync<JsonElement>($"/api/apps/{Id}/{what}", BuildFixture.Token)).GetProperty("items").EnumerateArray()];

    private static string Text(JsonElement answer, string name) => answer.GetProperty(name).GetString()!;
}
