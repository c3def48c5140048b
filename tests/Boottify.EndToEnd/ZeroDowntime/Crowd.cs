using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Boottify.EndToEnd.ZeroDowntime;

/// <summary>
/// Visitors who ask an app through the edge without a pause: each sends its next request as soon as it has the answer, so that
/// at any moment several are under way. The app takes some milliseconds for each (see <see cref="CountedApp"/>), as apps do.
/// Anything but a whole 200 with an answer that is right at that time is a failure.
/// </summary>
public sealed class Crowd : IAsyncDisposable
{
    /// <summary>
    /// Those who open a connection for each request wait this long between two. A closed connection keeps its client's port
    /// for a minute, and the kernel remembers for two which pod an address and port led to: some 14,000 connections within two
    /// minutes get old ports again, and with them a pod that is gone (tests/Boottify.IntegrationTests/Cluster/RequestStream.cs
    /// saw that). Two such visitors stay below 60 a second, 7,200 in two minutes, even if nginx should open one for each.
    /// </summary>
    private static readonly TimeSpan BetweenConnections = TimeSpan.FromMilliseconds(35);

    private readonly CancellationTokenSource leave = new();
    private readonly ConcurrentQueue<string> failures = new();
    private readonly Uri address;
    private readonly Task visiting;
    private volatile Happening now;

    /// <param name="first">What goes on when they come, and what is right to answer then.</param>
    public Crowd(DeployableApp app, Happening first)
    {
        now = first;
        address = new Uri($"https://{app.Host}/");
        visiting = Task.WhenAll(
        [
            KeepingAsync("HTTP/1.1 kept", HttpVersion.Version11, "", posts: false),
            KeepingAsync("HTTP/1.1 kept", HttpVersion.Version11, "", posts: false),
            KeepingAsync("HTTP/1.1 kept, POST", HttpVersion.Version11, "", posts: true),
            KeepingAsync("HTTP/1.1 kept, 2 s", HttpVersion.Version11, "slow", posts: false),
            KeepingAsync("HTTP/2 kept", HttpVersion.Version20, "", posts: false),
            ComingAsync("HTTP/1.1 new", HttpVersion.Version11),
            ComingAsync("HTTP/2 new", HttpVersion.Version20),
        ]);
    }

    /// <summary>What went wrong, the earliest first.</summary>
    public IReadOnlyCollection<string> Failures => failures;

    /// <summary>What is going on from here on: a request belongs to what was going on when it was sent.</summary>
    public void Enter(Happening happening) => now = happening;

    public async Task LeaveAsync()
    {
        await leave.CancelAsync();
        await visiting;
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        leave.Dispose();
    }

    private async Task KeepingAsync(string who, Version version, string path, bool posts)
    {
        using var client = NewClient(version);
        while (!leave.IsCancellationRequested)
            await AskAsync(client, who, path, posts, isNew: false);
    }

    private async Task ComingAsync(string who, Version version)
    {
        while (!leave.IsCancellationRequested)
        {
            using (var client = NewClient(version))
                await AskAsync(client, who, "", posts: false, isNew: true);
            await Task.Delay(BetweenConnections);
        }
    }

    // Not cancelled when they leave: a request under way counts, too.
    private async Task AskAsync(HttpClient client, string who, string path, bool posts, bool isNew)
    {
        var (happening, since) = (now, Stopwatch.GetTimestamp());
        var (answer, failure, lost) = await AskAsync(client, new Uri(address, path), posts);
        var took = Stopwatch.GetElapsedTime(since);
        if (happening.Reloads && ((lost == Lost.Unanswered && posts) || (lost == Lost.Unsent && client.DefaultRequestVersion == HttpVersion.Version20)))
        {
            happening.CountLost(isNew, sent: lost == Lost.Unanswered);
            return;
        }

        if (failure is null && !happening.MayAnswer(answer!))
            failure = $"answered \"{answer}\", not {happening.RightAnswers}";
        happening.Count(isNew, failed: failure is not null, path.Length > 0 ? TimeSpan.Zero : took);
        if (failure is null)
            return;
        failures.Enqueue($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {happening}, {who}, after {took.TotalMilliseconds:0} ms: {failure}");
        await Task.Delay(TimeSpan.FromMilliseconds(50));
    }

    private static async Task<(string? Answer, string? Failure, Lost Lost)> AskAsync(HttpClient client, Uri url, bool posts)
    {
        try
        {
            using var content = posts ? new StringContent("a line of the visitor's") : null;
            using var response = posts ? await client.PostAsync(url, content) : await client.GetAsync(url);
            var body = await response.Content.ReadAsStringAsync();
            return response.StatusCode == HttpStatusCode.OK ? (body, null, Lost.No) : (null, $"{(int)response.StatusCode} {body.ReplaceLineEndings(" ")}", Lost.No);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return (null, string.Join(" ", Chain(e).Select(fault => fault.Message)), LostBy(e));
        }
    }

    private static Lost LostBy(Exception e) => e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded }
            or HttpRequestException { InnerException: IOException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown } } } => Lost.Unanswered,
        // What the client says depends on how far it was when it read GOAWAY, whose code is NO_ERROR: its own reading closes the
        // connection under its own sending of the HTTP/2 preface; it had no stream yet; or it had not even begun to want one.
        HttpRequestException { InnerException: HttpProtocolException { ErrorCode: 0 } or IOException { InnerException: ObjectDisposedException } } => Lost.Unsent,
        HttpRequestException { InnerException: null } when e.Message.Contains("did not complete the HTTP/2 handshake", StringComparison.Ordinal) => Lost.Unsent,
        _ => Lost.No,
    };

    private static IEnumerable<Exception> Chain(Exception e)
    {
        for (var fault = e; fault is not null; fault = fault.InnerException)
            yield return fault;
    }

    private static HttpClient NewClient(Version version)
    {
        var client = Platform.NewEdgeClient();
        client.DefaultRequestVersion = version;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return client;
    }

    private enum Lost
    {
        No,

        /// <summary>The connection ended before a byte of the answer came; a reset if the request was on its way.</summary>
        Unanswered,

        /// <summary>nginx said GOAWAY to a HTTP/2 connection that it had just taken, before a request was sent on it (ADR 4).</summary>
        Unsent,
    }
}
