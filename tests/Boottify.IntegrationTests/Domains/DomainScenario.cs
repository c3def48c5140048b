using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Contracts.Edge;
using Boottify.IntegrationTests.Engine;
using Boottify.Routes;
using Microsoft.Extensions.DependencyInjection;
using RealPlatform = Boottify.IntegrationTests.Cluster.RealPlatform;

namespace Boottify.IntegrationTests.Domains;

/// <summary>What tests of domains do to the platform and to a zone of their own.</summary>
public abstract class DomainScenario(HastyPlatform hasty) : IClassFixture<HastyPlatform>, IAsyncLifetime
{
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected HastyPlatform Hasty => hasty;

    protected ControlPlane Platform => hasty.Platform;

    protected OwnZone Zone { get; private set; } = null!;

    protected string Www => $"www.{Zone.Name}";

    protected HttpClient Api => Platform.Administrator;

    public async ValueTask InitializeAsync() => Zone = await OwnZone.CreateAsync(RealPlatform.Setting);

    public async ValueTask DisposeAsync()
    {
        await Zone.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<TestApp> AppAsync() => await Platform.CreateAppAsync(await Platform.CreateTeamAsync());

    /// <summary>A route at the real edge, as a deployment puts it.</summary>
    protected Task RouteAsync(TestApp app) =>
        Platform.Services.GetRequiredService<AppRoutes>().PutAsync(app.Id, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), "127.0.0.1:9", Token);

    protected async Task<IReadOnlyList<string>> EdgeHostsAsync(TestApp app) =>
        [.. ((await Platform.Services.GetRequiredService<IEdge>().GetRouteAsync(app.Id, TimeSpan.Zero, Token))?.Hosts ?? Array.Empty<HostStatus>()).Select(h => h.Host)];

    protected async Task<JsonElement> ServedAsync(TestApp app, string host)
    {
        var domain = await AddedAsync(app, host);
        await SetAsync(domain, "TXT");
        await Zone.SetAsync(host, "A", RealPlatform.Setting("BOOTTIFY_EDGE_ADDRESS"));
        return await VerifyUntilAsync(app, host, d => Status(d) is "issuing" or "active");
    }

    protected Task<HttpResponseMessage> AddAsync(TestApp app, string host) => Api.PostAsJsonAsync($"/api/apps/{app.Id}/domains", new { host }, Token);

    protected async Task<JsonElement> AddedAsync(TestApp app, string host)
    {
        using var answer = await AddAsync(app, host);
        answer.StatusCode.Should().Be(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Token));
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Token);
    }

    protected async Task<HttpStatusCode> RemoveAsync(TestApp app, string host)
    {
        using var answer = await Api.DeleteAsync(new Uri($"/api/apps/{app.Id}/domains/{host}", UriKind.Relative), Token);
        return answer.StatusCode;
    }

    protected Task<JsonElement> GetAsync(TestApp app, string host) => Api.GetFromJsonAsync<JsonElement>($"/api/apps/{app.Id}/domains/{host}", Token);

    protected Task<JsonElement> UntilAsync(TestApp app, string host, Func<JsonElement, bool> isThere) => Patience.UntilAsync(() => GetAsync(app, host), isThere);

    protected Task<JsonElement> VerifyUntilAsync(TestApp app, string host, Func<JsonElement, bool> isThere) => Api.VerifyUntilAsync(app, host, isThere);

    /// <summary>Sets a record as the answer told.</summary>
    protected Task SetAsync(JsonElement domain, string type)
    {
        var record = domain.GetProperty("records").EnumerateArray().Single(r => r.GetProperty("type").GetString() == type);
        return Zone.SetAsync(record.GetProperty("name").GetString()!, type, record.GetProperty("value").GetString()!);
    }

    protected static string Proof(JsonElement domain) => domain.GetProperty("records")[0].GetProperty("value").GetString()!;

    protected static string Status(JsonElement domain) => domain.GetProperty("status").GetString()!;

    protected static string Reason(JsonElement domain) => domain.GetProperty("reason").GetString() ?? "";
}
