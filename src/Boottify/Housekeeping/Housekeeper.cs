using Boottify.Deployments.Queue;
using Boottify.Housekeeping.Kinds;
using Marten;
using Npgsql;

namespace Boottify.Housekeeping;

/// <summary>
/// Compares what exists with the history, from time to time, on request, and as soon as a disk is low. One node at a time; each
/// node has its own engine and workspaces, so each has its turn. Killed half-way it leaves nothing that the next run minds.
/// </summary>
public sealed class Housekeeper(
    IServiceScopeFactory scopes, NpgsqlDataSource database, IDocumentStore store, HousekeepingSettings settings, DiskWatch disks, Node node,
    TimeProvider time, ILogger<Housekeeper> log) : BackgroundService
{
    /// <summary>Any number that nothing else in this database locks.</summary>
    private const long Turn = 0x626f6f7474696679;

    private static readonly TimeSpan PatienceForTurn = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DisksAreForgotten = TimeSpan.FromDays(1);

    /// <returns>Null when another node is at it for longer than a minute.</returns>
    public async Task<HousekeepingReport?> RunAsync(bool dryRun, string why, CancellationToken cancellation)
    {
        await using var turn = await TakeTurnAsync(cancellation);
        if (turn is null)
            return null;

        var started = time.GetUtcNow();
        await using var scope = scopes.CreateAsyncScope();
        var run = scope.ServiceProvider.GetRequiredService<HousekeepingRun>();
        var kinds = new List<KindReport>();
        var items = new List<Item>();
        foreach (var keeper in scope.ServiceProvider.GetServices<Keeper>())
            kinds.Add(await run.TendAsync(keeper, dryRun, items, cancellation));
        var (cache, error) = await TrimCacheAsync(scope.ServiceProvider.GetRequiredService<BuildCache>(), dryRun, cancellation);

        var report = new HousekeepingReport(started, time.GetUtcNow(), node.Name, why, dryRun, kinds, cache, error, disks.Disks(), items);
        if (!dryRun)
            await KeepAsync(report, cancellation);
        return report;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not all nodes at once, and not while they all start.
        var pause = settings.Interval * Random.Shared.NextDouble();
        while (!stoppingToken.IsCancellationRequested)
        {
            var alarmed = await AlarmedWithinAsync(pause, stoppingToken);
            pause = settings.Interval * (0.8 + (0.4 * Random.Shared.NextDouble()));
            if (stoppingToken.IsCancellationRequested)
                break;
            try
            {
                await RunAsync(dryRun: false, alarmed ? "a disk is low" : "it was time", stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("Housekeeping stopped half-way, and goes on in the next run: {Reason}", e.Message);
            }
            catch (OperationCanceledException)
            {
                // The node stops.
            }
        }
    }

    private async Task<bool> AlarmedWithinAsync(TimeSpan pause, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        if (settings.Interval > TimeSpan.Zero)
            limit.CancelAfter(pause);
        try
        {
            await disks.AlarmAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<(CacheReport? Report, string? Error)> TrimCacheAsync(BuildCache cache, bool dryRun, CancellationToken cancellation)
    {
        try
        {
            return (await cache.TrimAsync(time.GetUtcNow(), disks.EngineBytesMissing, dryRun, cancellation), null);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("Housekeeping: the build cache is left as it is: {Reason}", e.Message);
            return (null, e.Message);
        }
    }

    private async Task KeepAsync(HousekeepingReport report, CancellationToken cancellation)
    {
        var forgotten = time.GetUtcNow() - DisksAreForgotten;
        await using var session = store.LightweightSession();
        session.Store(report);
        session.DeleteWhere<NodeDisks>(n => n.At < forgotten);
        await session.SaveChangesAsync(cancellation);
    }

    /// <summary>An advisory lock of the database: it ends with its connection, so a killed node holds up nobody.</summary>
    private async Task<NpgsqlConnection?> TakeTurnAsync(CancellationToken cancellation)
    {
        var since = time.GetTimestamp();
        var connection = await database.OpenConnectionAsync(cancellation);
        try
        {
            while (true)
            {
                await using var take = new NpgsqlCommand("select pg_try_advisory_lock($1)", connection) { Parameters = { new() { Value = Turn } } };
                if (await take.ExecuteScalarAsync(cancellation) is true)
                    return connection;
                if (time.GetElapsedTime(since) > PatienceForTurn)
                    break;
                await Task.Delay(TimeSpan.FromMilliseconds(500 + Random.Shared.Next(500)), time, cancellation);
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }
}
