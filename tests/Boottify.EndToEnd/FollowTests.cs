using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;

namespace Boottify.EndToEnd;

public sealed class FollowTests(Platform platform)
{
    private const int Ticks = 200;
    private const int Cuts = 4;

    [Fact]
    public async Task Followers_who_are_cut_off_again_and_again_and_those_who_come_late_get_each_line_once_and_in_order()
    {
        var files = TestApps.Building($"i=0; while [ $i -lt {Ticks} ]; do i=$((i+1)); echo \"tick $i\"; sleep 0.4; done; false");
        await using var app = await platform.CreateAppAsync(files, "Followed");
        var deployment = await app.AnnounceAsync();
        await app.UntilLineAsync(deployment, "tick 20");

        await using var sseLink = new CuttableLink(platform.Url);
        using var client = new HttpClient { BaseAddress = sseLink.Url, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", platform.Token) } };
        await using var socketLink = new CuttableLink(platform.Url);
        var bySse = ReadAsync(DeploymentStream.FollowAsync(client, deployment, ct: Platform.Deadline()), sseLink);
        var bySocket = ReadAsync(FollowBySocketAsync(socketLink.Url, deployment), socketLink);
        await Task.WhenAll(bySse, bySocket);

        var stored = (await app.LinesAsync(deployment)).Select(line => (line.N, line.Text)).ToArray();
        stored.Select(line => line.N).Should().Equal(Enumerable.Range(1, stored.Length).Select(n => (long)n));
        Attempts.Last(stored.Select(line => line.Text).Where(text => text.StartsWith("tick ", StringComparison.Ordinal)), "tick 1").Should().Equal(Enumerable.Range(1, Ticks).Select(n => $"tick {n}"));
        (await bySse).Should().Equal(stored, "server-sent events go on behind Last-Event-ID");
        (await bySocket).Should().Equal(stored, "a WebSocket goes on behind ?after=");
        (await ReadAsync(DeploymentStream.FollowAsync(platform.Api, deployment, ct: Platform.Deadline()))).Should().Equal(stored, "a late follower gets the same");
        (await ReadAsync(FollowBySocketAsync(platform.Url, deployment))).Should().Equal(stored, "so it does over a WebSocket");
    }

    /// <summary>The lines that a follower got up to <c>end</c>, its connection cut now and then.</summary>
    private static async Task<(long N, string Text)[]> ReadAsync(IAsyncEnumerable<StreamEvent> stream, CuttableLink? link = null)
    {
        var (lines, cuts, ends) = (new List<(long N, string Text)>(), 0, 0);
        await foreach (var e in stream)
        {
            if (e.Type == "end")
                ends++;
            if (e.Type != "log")
                continue;
            lines.AddRange(e.Lines.Select(line => (line.N, line.Text)));
            if (link is not null && cuts < Cuts && lines.Count(line => line.Text.StartsWith("tick ", StringComparison.Ordinal)) > 20 + (35 * cuts))
                cuts += link.Cut();
        }

        ends.Should().Be(1);
        if (link is not null)
            cuts.Should().BeGreaterThanOrEqualTo(Cuts);
        return [.. lines];
    }

    private async IAsyncEnumerable<StreamEvent> FollowBySocketAsync(Uri platformUrl, string deployment)
    {
        string? after = null;
        while (true)
        {
            using var socket = new ClientWebSocket();
            socket.Options.SetRequestHeader("Authorization", $"Bearer {platform.Token}");
            var address = new UriBuilder(platformUrl) { Scheme = "ws", Path = $"api/deployments/{deployment}/stream", Query = after is null ? "" : $"after={after}" };
            await socket.ConnectAsync(address.Uri, Platform.Deadline());
            while (await ReceiveAsync(socket) is { } received)
            {
                after = received.Id.Length > 0 ? received.Id : after;
                if (received.Type is "step" or "log" or "end")
                    yield return received;
                if (received.Type == "end")
                    yield break;
            }
        }
    }

    /// <returns>Null once the connection is gone.</returns>
    private static async Task<StreamEvent?> ReceiveAsync(ClientWebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(), Platform.Deadline());
                if (part.MessageType == WebSocketMessageType.Close)
                    return null;
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);
        }
        catch (WebSocketException)
        {
            return null;
        }

        var json = JsonSerializer.Deserialize<JsonElement>(message.ToArray());
        return new StreamEvent(json.TryGetProperty("id", out var id) ? id.GetString() ?? "" : "", json.GetProperty("event").GetString()!, json.GetProperty("data"));
    }
}
