using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Boottify.EndToEnd;

/// <summary>One event of a deployment's stream.</summary>
/// <param name="Id">Resumes the stream behind this event; empty for heartbeats.</param>
/// <param name="Type"><c>step</c>, <c>log</c> or <c>end</c>.</param>
public sealed record StreamEvent(string Id, string Type, JsonElement Data)
{
    /// <summary>The lines of a <c>log</c> event.</summary>
    public IReadOnlyList<LogLine> Lines => Data.GetProperty("lines").Deserialize<LogLine[]>(JsonSerializerOptions.Web)!;
}

public static class DeploymentStream
{
    /// <summary>
    /// Yields each event up to and including <c>end</c>. When the connection is lost it resumes behind the last event seen, as a
    /// browser would. Heartbeats are left out.
    /// </summary>
    public static async IAsyncEnumerable<StreamEvent> FollowAsync(
        HttpClient api, string deployment, string? lastEventId = null, [EnumeratorCancellation] CancellationToken ct = default)
    {
        while (true)
        {
            await using var connection = ConnectAsync(api, deployment, lastEventId, ct).GetAsyncEnumerator(ct);
            while (await NextAsync(connection))
            {
                var received = connection.Current;
                lastEventId = received.Id.Length > 0 ? received.Id : lastEventId;
                yield return received;
                if (received.Type == "end")
                    yield break;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(100, 500)), ct);
        }
    }

    /// <summary>One connection's events, until the server or the network ends it; throws when the platform refuses.</summary>
    public static async IAsyncEnumerable<StreamEvent> ConnectAsync(
        HttpClient api, string deployment, string? lastEventId, [EnumeratorCancellation] CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/deployments/{deployment}/stream") { Headers = { { "Accept", "text/event-stream" } } };
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        using var response = await api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        var parser = SseParser.Create(body);
        await foreach (var item in parser.EnumerateAsync(ct))
        {
            if (item.EventType is "step" or "log" or "end")
                yield return new StreamEvent(item.EventId ?? "", item.EventType, JsonSerializer.Deserialize<JsonElement>(item.Data));
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<StreamEvent> connection)
    {
        try
        {
            return await connection.MoveNextAsync();
        }
        catch (Exception lost) when (lost is IOException or HttpRequestException { StatusCode: null or >= System.Net.HttpStatusCode.InternalServerError })
        {
            return false;
        }
    }
}
