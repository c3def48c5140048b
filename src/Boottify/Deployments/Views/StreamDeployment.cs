using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Boottify.Access;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace Boottify.Deployments;

/// <summary>The feed over the wire: server-sent events, or a WebSocket where the request asks to upgrade.</summary>
public static class StreamDeployment
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/deployments/{deployment}/stream", HandleAsync).Needs(Role.Viewer).WithName("StreamDeployment");

    private static async Task<IResult> HandleAsync(
        string deployment, string? after, HttpContext context, DeploymentFeed feed, IOptions<JsonOptions> json, IHostApplicationLifetime host)
    {
        var position = FeedPosition.Parse(after ?? context.Request.Headers["Last-Event-ID"].ToString());
        if (context.WebSockets.IsWebSocketRequest)
        {
            await WebSocketAsync(context, feed.FollowAsync(deployment, position, default), json.Value.SerializerOptions, host.ApplicationStopping);
            return Results.Empty;
        }

        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Response.Headers.CacheControl = "no-cache, no-transform";
        return TypedResults.ServerSentEvents(SseAsync(feed.FollowAsync(deployment, position, default), host.ApplicationStopping, context.RequestAborted));
    }

    /// <summary>A node that stops ends its streams, so that followers go on at another one.</summary>
    private static async IAsyncEnumerable<SseItem<object>> SseAsync(
        IAsyncEnumerable<FeedItem> feed, CancellationToken stopping, [EnumeratorCancellation] CancellationToken aborted)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        await using var items = feed.GetAsyncEnumerator(either.Token);
        while (await MoveNextAsync(items))
            yield return new SseItem<object>(items.Current.Data, items.Current.Event) { EventId = items.Current.Position?.ToString() };
    }

    private static async Task WebSocketAsync(HttpContext context, IAsyncEnumerable<FeedItem> feed, JsonSerializerOptions json, CancellationToken stopping)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(stopping, context.RequestAborted);
        var listening = NoticeCloseAsync(socket, gone);
        await using var items = feed.GetAsyncEnumerator(gone.Token);
        while (await MoveNextAsync(items))
        {
            var item = items.Current;
            var message = JsonSerializer.SerializeToUtf8Bytes(new { @event = item.Event, id = item.Position?.ToString(), data = item.Data }, json);
            await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, gone.Token);
        }

        if (socket.State == WebSocketState.Open)
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "end", CancellationToken.None);
        // The other side answers the close; do not wait for one that never does.
        gone.CancelAfter(TimeSpan.FromSeconds(5));
        await listening;
    }

    private static async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<FeedItem> items)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Followers only listen, so the one thing to read is that they leave.</summary>
    private static async Task NoticeCloseAsync(WebSocket socket, CancellationTokenSource gone)
    {
        var buffer = new byte[256];
        try
        {
            while (socket.State is WebSocketState.Open or WebSocketState.CloseSent)
            {
                if ((await socket.ReceiveAsync(buffer.AsMemory(), gone.Token)).MessageType == WebSocketMessageType.Close)
                    break;
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // Gone without a word.
        }

        await gone.CancelAsync();
    }
}
