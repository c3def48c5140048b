using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Boottify.Contracts.Edge;
using Boottify.Deployments;

namespace Boottify.Routes;

/// <summary>The edge's HTTP interface. Each call may be repeated; a version that the edge has left behind is refused there.</summary>
internal sealed class EdgeClient(HttpClient http, TimeProvider time) : IEdge
{
    /// <summary>A longer wait is made of several requests, so that a lost connection shows.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    public async Task<RouteStatus> PutRouteAsync(AppRoute route, CancellationToken cancellation, string? instead = null)
    {
        using var answer = await http.PutAsJsonAsync(Address(route.AppId, instead is null ? "" : $"?instead={Uri.EscapeDataString(instead)}"), route, Json, cancellation);
        await RequireSuccessAsync(answer, route.AppId, route.Version, cancellation);
        return await ReadAsync(answer, cancellation);
    }

    public async Task<RouteStatus?> GetRouteAsync(string appId, TimeSpan wait, CancellationToken cancellation)
    {
        var end = time.GetUtcNow() + wait;
        while (true)
        {
            var left = end - time.GetUtcNow();
            var seconds = Math.Ceiling(Math.Clamp(left.TotalSeconds, 0, LongestWait.TotalSeconds));
            using var answer = await http.GetAsync(Address(appId, string.Create(CultureInfo.InvariantCulture, $"?wait={seconds}")), cancellation);
            if (answer.StatusCode == HttpStatusCode.NotFound)
                return null;
            await RequireSuccessAsync(answer, appId, version: null, cancellation);
            var status = await ReadAsync(answer, cancellation);
            if (left <= LongestWait || !status.Hosts.Any(h => h.Certificate is CertificateState.Pending or CertificateState.Issuing))
                return status;
        }
    }

    public async Task<bool> BeginFreshConnectionsAsync(string appId, TimeSpan atMost, CancellationToken cancellation)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/fresh-connections?seconds={Math.Ceiling(atMost.TotalSeconds)}");
        using var answer = await http.PutAsync(Address(appId, path), content: null, cancellation);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return false;
        await RequireSuccessAsync(answer, appId, version: null, cancellation);
        return true;
    }

    public async Task<bool> ReachesAsync(string address, TimeSpan patience, CancellationToken cancellation)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"v1/connections/{address}?wait={Math.Ceiling(patience.TotalSeconds)}");
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), cancellation);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return false;
        await RequireSuccessAsync(answer, address, version: null, cancellation);
        return true;
    }

    public async Task RetryCertificateAsync(string host, CancellationToken cancellation)
    {
        using var answer = await http.PostAsync(new Uri($"v1/certificates/{Uri.EscapeDataString(host)}/retry", UriKind.Relative), content: null, cancellation);
        if (answer.StatusCode is not (HttpStatusCode.Conflict or HttpStatusCode.NotFound))
            await RequireSuccessAsync(answer, host, version: null, cancellation);
    }

    public async Task<IReadOnlyList<RouteStatus>> ListRoutesAsync(CancellationToken cancellation)
    {
        using var answer = await http.GetAsync(new Uri("v1/routes", UriKind.Relative), cancellation);
        await RequireSuccessAsync(answer, appId: "", version: null, cancellation);
        return await answer.Content.ReadFromJsonAsync<IReadOnlyList<RouteStatus>>(Json, cancellation) ?? throw new HttpRequestException("The edge answered without routes.");
    }

    public async Task<IReadOnlyCollection<string>> HostsOnAnyAsync(string appId, CancellationToken cancellation) =>
        [.. (await GetRouteAsync(appId, TimeSpan.Zero, cancellation))?.Hosts.Select(host => host.Host) ?? []];

    /// <summary>Returns when the edge's interface answers.</summary>
    public async Task RequireHealthAsync(CancellationToken cancellation)
    {
        using var answer = await http.GetAsync(new Uri("health/live", UriKind.Relative), cancellation);
        await RequireSuccessAsync(answer, appId: "", version: null, cancellation);
    }

    public async Task<bool> AllAnswerAsync(TimeSpan patience, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        try
        {
            await RequireHealthAsync(limit.Token);
            return true;
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // Whatever it is that comes instead.
            return false;
        }
    }

    public async Task DeleteRouteAsync(string appId, long version, CancellationToken cancellation)
    {
        using var answer = await http.DeleteAsync(Address(appId, string.Create(CultureInfo.InvariantCulture, $"?version={version}")), cancellation);
        if (answer.StatusCode != HttpStatusCode.NotFound)
            await RequireSuccessAsync(answer, appId, version, cancellation);
    }

    private static Uri Address(string appId, string query = "") => new($"v1/routes/{Uri.EscapeDataString(appId)}{query}", UriKind.Relative);

    private static async Task<RouteStatus> ReadAsync(HttpResponseMessage answer, CancellationToken cancellation) =>
        await answer.Content.ReadFromJsonAsync<RouteStatus>(Json, cancellation) ?? throw new HttpRequestException("The edge answered without a route.");

    private static async Task RequireSuccessAsync(HttpResponseMessage answer, string appId, long? version, CancellationToken cancellation)
    {
        if (answer.IsSuccessStatusCode)
            return;
        var (detail, taken) = await DetailAsync(answer, cancellation);
        throw answer.StatusCode switch
        {
            HttpStatusCode.Conflict when taken is not null => new TakenHostException(taken, $"The edge has the host {taken} in another app's route."),
            HttpStatusCode.Conflict => new StaleRouteException(string.Create(CultureInfo.InvariantCulture, $"The edge has a newer route of app {appId} than version {version}. {detail}")),
            HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => new StepException($"The edge refuses the app's route: {detail}"),
            HttpStatusCode.Unauthorized => new HttpRequestException("The edge does not know the token in BOOTTIFY_EDGE_TOKEN.", inner: null, answer.StatusCode),
            _ => new HttpRequestException(string.Create(CultureInfo.InvariantCulture, $"The edge answered {(int)answer.StatusCode}. {detail}"), inner: null, answer.StatusCode),
        };
    }

    private static async Task<(string Detail, string? TakenHost)> DetailAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        try
        {
            var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellation);
            return (Text(problem, "detail") ?? "", Text(problem, "takenHost"));
        }
        catch (JsonException)
        {
            return ("", null);
        }
    }

    private static string? Text(JsonElement problem, string name) =>
        problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty(name, out var text) ? text.GetString() : null;
}
