using System.Collections.Concurrent;
using Boottify.Cluster;

namespace Boottify.IntegrationTests.Cluster;

/// <summary>
/// Requests all the time: two clients that open a connection for each, and two that keep theirs, no longer than the edge
/// may keep one.
/// </summary>
public sealed class RequestStream : IAsyncDisposable
{
    private static readonly TimeSpan OldestConnection = TimeSpan.FromSeconds(3);

    /// <summary>
    /// A client that opens some 14,000 connections to one address within the two minutes that the kernel remembers a closed one
    /// gets its own old ports again, and with them the pod that the old connection went to. The edge never opens that many.
    /// </summary>
    private static readonly TimeSpan BetweenConnections = TimeSpan.FromMilliseconds(30);

    /// <summary>A request that a pod loses is refused, reset or cut off, and not late: this only ends a test of which nothing comes any more.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentBag<string> failures = [];
    private Task clients = Task.CompletedTask;

    public IReadOnlyCollection<string> Failures => failures;

    public ConcurrentDictionary<string, int> Answers { get; } = new(StringComparer.Ordinal);

    public static RequestStream Start(AppliedWorkload applied)
    {
        var stream = new RequestStream();
        stream.clients = Task.WhenAll(
            stream.AskAsync(applied, TimeSpan.Zero), stream.AskAsync(applied, TimeSpan.Zero),
            stream.AskAsync(applied, OldestConnection), stream.AskAsync(applied, OldestConnection));
        return stream;
    }

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await clients;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stop.Dispose();
    }

    private async Task AskAsync(AppliedWorkload applied, TimeSpan connectionLifetime)
    {
        using var http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = connectionLifetime, ConnectTimeout = Longest }, disposeHandler: true) { Timeout = Longest };
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var answer = await http.GetStringAsync(applied.Url());
                Answers.AddOrUpdate(answer, 1, (_, count) => count + 1);
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
            {
                failures.Add($"{DateTime.UtcNow:HH:mm:ss.fff} (connections kept {connectionLifetime.TotalSeconds:0} s): {failure.Message} {failure.InnerException?.Message}");
            }

            await Task.Delay(connectionLifetime == TimeSpan.Zero ? BetweenConnections : TimeSpan.FromMilliseconds(5));
        }
    }
}
