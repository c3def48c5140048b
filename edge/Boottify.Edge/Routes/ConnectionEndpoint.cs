using System.Net;
using System.Net.Sockets;
using Boottify.Edge.Http;

namespace Boottify.Edge.Routes;

/// <summary>
/// Tells whether an upstream takes connections from here, where nginx is: only a node itself knows how far its rules for
/// Services are.
/// </summary>
public static class ConnectionEndpoint
{
    private const int LongestWaitSeconds = 30;

    /// <summary>
    /// Where the rules are not there yet, an attempt may be answered by nothing at all, and would see them a second later, when
    /// it is repeated: so many short ones come first, and then longer ones, for a machine that is slow.
    /// </summary>
    private const int ShortAttempts = 40;
    private static readonly TimeSpan s_shortAttempt = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan s_attempt = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(5);

    public static void MapConnections(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/v1/connections/{address}", GetAsync).AddEndpointFilter<BearerToken>();

    private static async Task<IResult> GetAsync(string address, TimeProvider clock, CancellationToken cancellation, int wait = 0)
    {
        if (!Upstream.TryParse(address, out var upstream, out var problem)) return Results.Problem(problem, statusCode: StatusCodes.Status400BadRequest);
        var patience = TimeSpan.FromSeconds(Math.Clamp(wait, 0, LongestWaitSeconds));
        var started = clock.GetTimestamp();
        var target = IPEndPoint.Parse(upstream.ToString());
        var attempts = 0;
        do
        {
            if (await ConnectsAsync(target, ++attempts <= ShortAttempts ? s_shortAttempt : s_attempt, cancellation)) return Results.NoContent();
            await Task.Delay(s_pause, clock, cancellation);
        }
        while (clock.GetElapsedTime(started) < patience);

        return Results.Problem($"{upstream} takes no connections from the edge.", statusCode: StatusCodes.Status404NotFound);
    }

    private static async Task<bool> ConnectsAsync(IPEndPoint target, TimeSpan within, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(within);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(target, limit.Token);
            return true;
        }
        catch (Exception e) when (e is SocketException || e is OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
