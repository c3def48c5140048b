using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace Boottify.Benchmarks;

/// <summary>A figure beside its baseline, both in operations a second.</summary>
internal sealed record Measured(string Name, double Ours, double Raw, string Baseline);

internal sealed record BenchApp(string Id, string Namespace, string Secret);

/// <summary>The platform that ops/up started, and a bare connection pool to the same PostgreSQL.</summary>
internal sealed class BenchPlatform : IDisposable
{
    /// <summary>Clients at once, for ours and for the baseline alike.</summary>
    public const int Clients = 16;

    private readonly HttpClient http = new()
    {
        BaseAddress = new Uri(Setting("BOOTTIFY_URL")),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Setting("BOOTTIFY_TOKEN")) },
    };

    public NpgsqlDataSource Database { get; } = NpgsqlDataSource.Create(ConnectionString(new Uri(Setting("DATABASE_URL"))));

    /// <param name="repository">Unless told otherwise one that the Git server does not have, so that its deployments cost the machine next to nothing.</param>
    public async Task<BenchApp> CreateAppAsync(string? repository = null)
    {
        var body = new { team = Setting("BOOTTIFY_TEAM"), name = "Benchmark", repository = new { url = repository ?? $"{Setting("BOOTTIFY_GIT_URL").TrimEnd('/')}/none.git" } };
        using var answer = await http.PostAsJsonAsync("api/apps", body);
        var app = (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>())!;
        return new BenchApp(app.GetProperty("id").GetString()!, app.GetProperty("namespace").GetString()!, app.GetProperty("webhook").GetProperty("secret").GetString()!);
    }

    public async Task DeleteAppAsync(string app) => (await http.DeleteAsync($"api/apps/{app}")).Dispose();

    /// <returns>The id of the deployment that the push has become.</returns>
    public async Task<string> PushAsync(string app, string secret, string commit)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { app, repository = "bench/mark", @ref = "refs/heads/main", sha = commit });
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/webhooks/deployment") { Content = new ByteArrayContent(body) };
        request.Headers.Add("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body)));
        using var answer = await http.SendAsync(request);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    /// <summary>Follows the deployment's stream to its last event.</summary>
    /// <returns>How it ended.</returns>
    public async Task<string> EndOfAsync(string deployment)
    {
        using var response = await http.GetAsync($"api/deployments/{deployment}/stream", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync();
        await foreach (var item in SseParser.Create(body).EnumerateAsync())
        {
            if (item.EventType == "end")
                return JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty("status").GetString()!;
        }

        throw new IOException($"The stream of deployment {deployment} was cut off.");
    }

    public Task<string> LogAsync(string deployment) => http.GetStringAsync($"api/deployments/{deployment}/logs.txt");

    public async Task<JsonElement[]> EventsAsync(string deployment) =>
        [.. (await http.GetFromJsonAsync<JsonElement>($"api/deployments/{deployment}/events")).GetProperty("items").EnumerateArray()];

    /// <returns>Operations a second, after a tenth as many to warm up.</returns>
    public static async Task<double> MeasureAsync(int count, Func<int, Task> operation)
    {
        await AllAsync(count / 10, n => operation(-n - 1));
        var since = Stopwatch.GetTimestamp();
        await AllAsync(count, operation);
        return count / Stopwatch.GetElapsedTime(since).TotalSeconds;
    }

    public static string NewCommit() => RandomNumberGenerator.GetHexString(40, lowercase: true);

    public void Dispose()
    {
        http.Dispose();
        Database.Dispose();
    }

    private static Task AllAsync(int count, Func<int, Task> operation) =>
        Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (n, _) => await operation(n));

    public static string Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"{name} is not set: run ops/bench, which starts the platform and sets it.");

    private static string ConnectionString(Uri url) => new NpgsqlConnectionStringBuilder
    {
        Host = url.Host,
        Port = url.Port,
        Database = url.AbsolutePath.TrimStart('/'),
        Username = Uri.UnescapeDataString(url.UserInfo.Split(':')[0]),
        Password = Uri.UnescapeDataString(url.UserInfo.Split(':')[1]),
    }.ConnectionString;
}
