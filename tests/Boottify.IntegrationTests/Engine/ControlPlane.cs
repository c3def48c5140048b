using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Boottify.Access;
using Boottify.Contracts.Databases;
using Boottify.Databases;
using Boottify.IntegrationTests.Builds;
using JasperFx.CommandLine;
using Marten;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

[assembly: AssemblyFixture(typeof(Boottify.IntegrationTests.Engine.ControlPlane))]

namespace Boottify.IntegrationTests.Engine;

/// <summary>A control plane of the tests' own, on a database of its own in the real PostgreSQL; the database goes with it.</summary>
public sealed class ControlPlane : IAsyncLifetime
{
    private readonly string ownDatabase = $"boottify_test_{Guid.NewGuid():N}";
    private readonly string ownToken = AccessToken.NewSecret();
    private WebApplicationFactory<Program> host = null!;

    /// <summary>Other settings than the environment's.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Makes this another node of the same platform, which goes first.</summary>
    public ControlPlane? Beside { get; init; }

    public IServiceProvider Services => host.Services;

    public IDocumentStore Store => Services.GetRequiredService<IDocumentStore>();

    /// <summary>Sends the administrator's token.</summary>
    public HttpClient Administrator { get; private set; } = null!;

    public HttpClient Anonymous { get; private set; } = null!;

    private string Database => Beside?.Database ?? ownDatabase;

    private string Token => Beside?.Token ?? ownToken;

    private static string ServerUrl => Environment.GetEnvironmentVariable("BOOTTIFY_APP_DATABASE_URL") is { Length: > 0 } url
        ? url
        : throw new InvalidOperationException("BOOTTIFY_APP_DATABASE_URL is not set: run ops/test, which starts PostgreSQL and sets it.");

    public async ValueTask InitializeAsync()
    {
        if (Beside is null)
            await ScratchDatabase.CreateAsync(ServerUrl, Database);
        JasperFxEnvironment.AutoStartHost = true;
        // What comes by itself, at a random time or when this machine's disk is low, would meddle with what a test looks at: only when the test asks for it.
        host = new WebApplicationFactory<Program>().WithWebHostBuilder(builder => Settings
            .Aggregate(builder.UseSetting("BOOTTIFY_HEADS_EVERY", "0").UseSetting("BOOTTIFY_HOUSEKEEPING_SECONDS", "0")
                .UseSetting("BOOTTIFY_DISK_FREE_MB", "0").UseSetting("BOOTTIFY_DISK_FREE_PERCENT", "0").UseSetting("BOOTTIFY_GIT_PRIVATE_SERVERS", BuildFixture.GitServers), (all, setting) => all.UseSetting(setting.Key, setting.Value))
            .UseSetting("DATABASE_URL", $"{new UriBuilder(ServerUrl) { Path = Database }}")
            .UseSetting("BOOTTIFY_TOKEN", Token)
            .UseSetting("BOOTTIFY_INSTANCE", Database[..20])
            .UseSetting("BOOTTIFY_MASTER_KEY_FILE", Path.Combine(Path.GetTempPath(), $"{Database}.key")));
        Anonymous = CreateClient();
        Administrator = WithToken(Token);
    }

    public HttpClient WithToken(string token)
    {
        var client = CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    // One request may be a whole run of housekeeping, which waits for pods and namespaces.
    private HttpClient CreateClient()
    {
        var client = host.CreateClient();
        client.Timeout = Timeout.InfiniteTimeSpan;
        return client;
    }

    public async Task<string> CreateTeamAsync() =>
        (await PostAsync(Administrator, "/api/teams", new { name = "A team" })).GetProperty("id").GetString()!;

    public async Task<HttpClient> CreateMemberAsync(string team, string role) =>
        WithToken((await PostAsync(Administrator, $"/api/teams/{team}/tokens", new { name = $"the {role}", role })).GetProperty("token").GetString()!);

    /// <summary>An app whose repository the Git server does not have: its deployments fail in the first step, for good, which is enough for tests of the engine.</summary>
    public async Task<TestApp> CreateAppAsync(string team)
    {
        var app = await PostAsync(Administrator, "/api/apps", new { team, name = "An app", repository = new { url = $"{BuildFixture.Need("BOOTTIFY_GIT_URL")}/none.git", branch = "main" } });
        return new TestApp(app.GetProperty("id").GetString()!, app.GetProperty("webhook").GetProperty("secret").GetString()!, Anonymous);
    }

    public static async Task<JsonElement> PostAsync(HttpClient client, string path, object body)
    {
        using var answer = await client.PostAsJsonAsync(path, body);
        answer.IsSuccessStatusCode.Should().BeTrue(await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        if (Beside is not null)
            return;
        NpgsqlConnection.ClearAllPools();
        await ScratchDatabase.DropAsync(ServerUrl, Database);
        File.Delete(Path.Combine(Path.GetTempPath(), $"{Database}.key"));
    }
}

public sealed record TestApp(string Id, string Secret, HttpClient Client)
{
    public static string NewCommit() => RandomNumberGenerator.GetHexString(40, lowercase: true);

    public Task<HttpResponseMessage> PushAsync(string commit, string branch = "main", string? delivery = null) =>
        SendAsync(JsonSerializer.Serialize(new { app = Id, repository = "owner/name", @ref = $"refs/heads/{branch}", sha = commit }), Secret, delivery);

    public Task<HttpResponseMessage> SendAsync(string body, string secret, string? delivery = null)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/webhooks/deployment") { Content = new ByteArrayContent(bytes) };
        request.Headers.Add("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), bytes)));
        if (delivery is not null)
            request.Headers.Add("X-GitHub-Delivery", delivery);
        return Client.SendAsync(request);
    }
}
