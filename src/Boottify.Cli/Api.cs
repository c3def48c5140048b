using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Boottify.Cli;

/// <summary>Something that the user can mend; shown without a stack trace.</summary>
internal sealed class CliException(string message) : Exception(message);

/// <summary>The platform's HTTP interface, with the caller's own token.</summary>
internal sealed class Api : IDisposable
{
    private readonly HttpClient http = new()
    {
        BaseAddress = new Uri(Setting("BOOTTIFY_URL")),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Setting("BOOTTIFY_TOKEN")) },
    };

    /// <exception cref="CliException">The platform refused; its own words of what to do.</exception>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await http.SendAsync(request, limit.Token);
        await RequireSuccessAsync(answer, limit.Token);
        return answer.StatusCode == HttpStatusCode.NoContent ? default : await answer.Content.ReadFromJsonAsync<JsonElement>(limit.Token);
    }

    /// <summary>Opens an event stream; the caller disposes the answer. <paramref name="lastEventId"/> is where to go on.</summary>
    public async Task<HttpResponseMessage> StreamAsync(string path, string? lastEventId, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        await RequireSuccessAsync(answer, cancellation);
        return answer;
    }

    public void Dispose() => http.Dispose();

    private static async Task RequireSuccessAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.IsSuccessStatusCode)
            return;
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        throw new CliException(Detail(text) ?? $"the platform answered {(int)answer.StatusCode}.");
    }

    private static string? Detail(string problem)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(problem).TryGetProperty("detail", out var detail) ? detail.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new CliException($"{name} is not set. After ops/up: set -a; . .boottify/platform.env; set +a");
}
