using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Boottify.Deployments;
using Boottify.Platform;
using JasperFx;
using JasperFx.Events;
using Marten;
using Marten.Exceptions;
using Npgsql;

namespace Boottify.Logs;

/// <summary>
/// The log of a deployment while this node runs it. Lines are redacted, stamped and numbered as they come, and stored in
/// batches every 100 ms. When another node writes to the same log, this one is <see cref="Lost"/> and takes no more.
/// </summary>
public sealed class DeploymentLog : ILogSink, IAsyncDisposable
{
    /// <summary>Longer lines are broken, so that one cannot fill a page by itself; in characters.</summary>
    public const int LongestLine = 16_384;

    private const int LinesPerBatch = 2_000;

    /// <summary>A reader holds several batches at once, so lines of the greatest length must not make one of them huge.</summary>
    private const int CharactersPerBatch = 512 * 1024;

    private static readonly TimeSpan FlushEvery = TimeSpan.FromMilliseconds(100);

    private readonly Channel<Entry> entries = Channel.CreateBounded<Entry>(new BoundedChannelOptions(4_000) { SingleReader = true });
    private readonly IDocumentStore store;
    private readonly TimeProvider time;
    private readonly Action closed;
    private readonly string deploymentId;
    private readonly string writer = Guid.NewGuid().ToString("N");
    private readonly CancellationTokenSource stop;
    private readonly Task flushing;
    private readonly SemaphoreSlim order = new(1, 1);
    private volatile Redactor redactor;
    private Step step = Step.Validate;
    private long lastLine;
    private long version;
    private int characters;

    internal DeploymentLog(
        string deploymentId, long lastLine, long version, Redactor redactor, IDocumentStore store, TimeProvider time, Action closed, CancellationToken lost)
    {
        (this.deploymentId, this.lastLine, this.version, this.redactor, this.store, this.time, this.closed) =
            (deploymentId, lastLine, version, redactor, store, time, closed);
        stop = CancellationTokenSource.CreateLinkedTokenSource(lost);
        flushing = FlushLoopAsync(stop.Token);
    }

    /// <summary>Another node writes this log now.</summary>
    public bool Lost { get; private set; }

    public static string StreamOf(string deploymentId) => $"{deploymentId}/log";

    /// <summary>Lines from now on belong to this step, which may know secrets that were set since the step before.</summary>
    public void Enter(Step next, Redactor current) => (step, redactor) = (next, current);

    public string Redact(string text) => redactor.Redact(text);

    public async ValueTask WriteAsync(LogOrigin origin, string text, CancellationToken cancellation)
    {
        // PostgreSQL's jsonb holds no NUL.
        var clean = redactor.Redact(text).Replace('\0', '\uFFFD');
        await order.WaitAsync(cancellation);
        try
        {
            for (var from = 0; from == 0 || from < clean.Length; from += LongestLine)
            {
                var piece = clean.Length <= LongestLine ? clean : clean[from..Math.Min(clean.Length, from + LongestLine)];
                var line = new LogLine(lastLine + 1, time.GetUtcNow(), step, origin, piece);
                await QueueAsync(new Entry(line, null), cancellation);
                lastLine++;
            }
        }
        finally
        {
            order.Release();
        }
    }

    /// <summary>Returns once all that was written before is committed.</summary>
    /// <exception cref="LostDeploymentException">Another node writes this log now.</exception>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await QueueAsync(new Entry(null, done), cancellation);
        await done.Task.WaitAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        entries.Writer.TryComplete();
        await stop.CancelAsync();
        await flushing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        closed();
    }

    /// <summary>However the loss was noticed, by this call or before it, it is told in the same way.</summary>
    private async ValueTask QueueAsync(Entry entry, CancellationToken cancellation)
    {
        try
        {
            await entries.Writer.WriteAsync(entry, cancellation);
        }
        catch (ChannelClosedException e) when (e.InnerException is LostDeploymentException lost)
        {
            ExceptionDispatchInfo.Throw(lost);
        }
    }

    private async Task FlushLoopAsync(CancellationToken cancellation)
    {
        var waiting = new List<TaskCompletionSource>();
        var lines = new List<LogLine>();
        try
        {
            while (await entries.Reader.WaitToReadAsync(cancellation))
            {
                var hurry = Drain(lines, waiting);
                if (!hurry && !IsFull(lines))
                {
                    await WaitForMoreAsync(lines, waiting, cancellation);
                }

                if (lines.Count > 0)
                    await StoreAsync(lines, cancellation);
                lines.Clear();
                characters = 0;
                waiting.ForEach(w => w.TrySetResult());
                waiting.Clear();
            }
        }
        catch (Exception e)
        {
            Lost = e is LostDeploymentException;
            entries.Writer.TryComplete(e);
            waiting.ForEach(w => w.TrySetException(e));
            while (entries.Reader.TryRead(out var entry))
                entry.Flushed?.TrySetException(e);
        }
    }

    /// <summary>Collects for 100 ms, less when somebody waits for a flush or the batch is full.</summary>
    private async Task WaitForMoreAsync(List<LogLine> lines, List<TaskCompletionSource> waiting, CancellationToken cancellation)
    {
        using var window = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        window.CancelAfter(FlushEvery);
        try
        {
            while (!IsFull(lines) && await entries.Reader.WaitToReadAsync(window.Token) && !Drain(lines, waiting))
            {
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The window is over.
        }
    }

    private bool IsFull(List<LogLine> lines) => lines.Count >= LinesPerBatch || characters >= CharactersPerBatch;

    /// <returns>Whether somebody waits for a flush.</returns>
    private bool Drain(List<LogLine> lines, List<TaskCompletionSource> waiting)
    {
        while (!IsFull(lines) && entries.Reader.TryRead(out var entry))
        {
            if (entry.Line is not null)
            {
                lines.Add(entry.Line);
                characters += entry.Line.Text.Length;
            }

            if (entry.Flushed is { } flushed)
            {
                waiting.Add(flushed);
                return true;
            }
        }

        return waiting.Count > 0;
    }

    private async Task StoreAsync(List<LogLine> lines, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await AppendAsync(new LogLinesAppended(deploymentId, writer, [.. lines]), cancellation);
                version++;
                return;
            }
            catch (Exception e) when (e is ConcurrencyException or JasperFx.Events.ExistingStreamIdCollisionException or Marten.Exceptions.ExistingStreamIdCollisionException)
            {
                // Either another node writes, or this very batch was committed and the answer got lost.
                if (!await IsStoredAsync(lines[^1].N, cancellation))
                    throw new LostDeploymentException(deploymentId, e);
                version++;
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or MartenCommandException && tries < 20)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(2_000, 50 * tries) + Random.Shared.Next(50)), time, cancellation);
            }
        }
    }

    private async Task AppendAsync(LogLinesAppended batch, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        if (version == 0)
            session.Events.StartStream(StreamOf(deploymentId), batch);
        else
            session.Events.Append(StreamOf(deploymentId), version + 1, batch);
        Wakeups.Announce(session, deploymentId);
        await session.SaveChangesAsync(cancellation);
    }

    private async Task<bool> IsStoredAsync(long lastStored, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var head = await session.Events.FetchStreamAsync(StreamOf(deploymentId), fromVersion: version + 1, token: cancellation);
        return head is [{ Data: LogLinesAppended stored }]
            && string.Equals(stored.Writer, writer, StringComparison.Ordinal) && stored.Lines[^1].N == lastStored;
    }

    private readonly record struct Entry(LogLine? Line, TaskCompletionSource? Flushed);
}
