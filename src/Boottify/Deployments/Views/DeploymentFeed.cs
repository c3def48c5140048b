using System.Globalization;
using System.Runtime.CompilerServices;
using Boottify.Logs;
using Boottify.Platform;
using JasperFx.Events;
using Marten;

namespace Boottify.Deployments;

/// <summary>How far a follower has come: events of the deployment's stream, and lines of its log.</summary>
public readonly record struct FeedPosition(long Version, long Line)
{
    /// <exception cref="BadHttpRequestException">The text is no position of ours.</exception>
    public static FeedPosition Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return default;
        var parts = text.Split('.');
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var line)
                ? new FeedPosition(version, line)
                : throw new BadHttpRequestException("'Last-Event-ID' (or '?after=') is not an id of this stream: send the last 'id:' you got, or nothing.");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Version}.{Line}");
}

/// <param name="Event"><c>step</c>, <c>log</c>, <c>end</c> or <c>ping</c>.</param>
/// <param name="Position">Where a follower that has this goes on; null for a heartbeat.</param>
public sealed record FeedItem(string Event, FeedPosition? Position, object Data);

/// <summary>
/// What happens in a deployment, from any position on: read from the store after each wake-up, so that a late follower, a
/// resumed one and a live one get the same items, each once and in order. Nothing here holds up whoever writes.
/// </summary>
public sealed class DeploymentFeed(IDocumentStore store, LogReader logs, Wakeups wakeups, TimeProvider time)
{
    /// <summary>Something is sent at least this often, since proxies cut streams that are silent.</summary>
    public static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(15);

    private const int LinesPerItem = 500;

    public async IAsyncEnumerable<FeedItem> FollowAsync(string deploymentId, FeedPosition from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var wakeup = wakeups.Subscribe(deploymentId);
        var position = from;
        yield return Ping();
        if (await IsOverAsync(deploymentId, from.Version, cancellation))
            yield break;
        var lastSent = time.GetTimestamp();
        while (true)
        {
            // Events first: all lines of a step are committed before its end is, so none can be missing when it shows.
            var events = await EventsAsync(deploymentId, position.Version, cancellation);
            await foreach (var item in MergeAsync(deploymentId, events, position, cancellation))
            {
                position = item.Position ?? position;
                lastSent = time.GetTimestamp();
                yield return item;
                if (string.Equals(item.Event, "end", StringComparison.Ordinal))
                    yield break;
            }

            if (!await wakeup.WaitAsync(TimeSpan.FromSeconds(5), cancellation) && time.GetElapsedTime(lastSent) >= PingEvery - TimeSpan.FromSeconds(5))
            {
                lastSent = time.GetTimestamp();
                yield return Ping();
            }
        }
    }

    private FeedItem Ping() => new("ping", null, new { at = time.GetUtcNow() });

    /// <summary>Whether the follower has had the end already, as a browser has that connects again by itself.</summary>
    private async Task<bool> IsOverAsync(string deploymentId, long version, CancellationToken cancellation)
    {
        if (version == 0)
            return false;
        await using var session = store.QuerySession();
        return await session.LoadAsync<Deployment>(deploymentId, cancellation) is { Ended: true }
            && (await EventsAsync(deploymentId, version, cancellation)).Count == 0;
    }

    private async Task<IReadOnlyList<IEvent>> EventsAsync(string deploymentId, long after, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        return await session.Events.FetchStreamAsync(deploymentId, fromVersion: after + 1, token: cancellation);
    }

    /// <summary>Events and lines by time; where they are equal, the event goes first.</summary>
    private async IAsyncEnumerable<FeedItem> MergeAsync(
        string deploymentId, IReadOnlyList<IEvent> events, FeedPosition position, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var pending = new List<LogLine>();
        var next = 0;
        await foreach (var line in logs.ReadAsync(deploymentId, position.Line, cancellation))
        {
            while (next < events.Count && FeedEvents.View(events[next]) is var due && (due is null || due.At <= line.At) && due?.Event != "end")
            {
                if (pending.Count > 0)
                    yield return Lines(ref position, pending);
                position = position with { Version = events[next++].Version };
                if (due is not null)
                    yield return new FeedItem(due.Event, position, due.Data);
            }

            pending.Add(line);
            if (pending.Count == LinesPerItem)
                yield return Lines(ref position, pending);
        }

        if (pending.Count > 0)
            yield return Lines(ref position, pending);
        for (; next < events.Count; next++)
        {
            position = position with { Version = events[next].Version };
            if (FeedEvents.View(events[next]) is { } view)
                yield return new FeedItem(view.Event, position, view.Data);
        }
    }

    private static FeedItem Lines(ref FeedPosition position, List<LogLine> pending)
    {
        position = position with { Line = pending[^1].N };
        var item = new FeedItem("log", position, new { lines = pending.ToArray() });
        pending.Clear();
        return item;
    }
}
