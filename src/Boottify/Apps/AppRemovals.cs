using System.Collections.Concurrent;
using Boottify.Platform;
using Marten;
using Npgsql;

namespace Boottify.Apps;

/// <summary>
/// One per node: looks at apps that are to be removed, when they are due, a few at once. A lock in the database keeps two nodes
/// from working on one app; a killed node's connection ends, and its lock with it.
/// </summary>
public sealed class AppRemovals(IDocumentStore store, NpgsqlDataSource database, AppRemover remover, Wakeups wakeups, TimeProvider time, ILogger<AppRemovals> log)
    : BackgroundService
{
    private const int MostAtOnce = 4;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SearchEvery = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, byte> running = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var wakeup = wakeups.Subscribe(Wakeups.Removals);
        DateTimeOffset search = default;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (time.GetUtcNow() >= search)
                {
                    await FindForgottenAsync(stoppingToken);
                    search = time.GetUtcNow() + SearchEvery;
                }

                await BeginDueAsync(wakeup, stoppingToken);
                await wakeup.WaitAsync(LookEvery, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("Which apps are to be removed cannot be read, trying again: {Reason}", e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(1000 + Random.Shared.Next(1000)), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        while (!running.IsEmpty)
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, CancellationToken.None);
    }

    /// <summary>Whatever lost the note that an app is to be removed, its stream still says so.</summary>
    private async Task FindForgottenAsync(CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        var leaving = await session.Query<App>().Where(a => a.DeletionRequestedAt != null && a.DeletedAt == null).Select(a => a.Id).ToListAsync(cancellation);
        var noted = (await session.LoadManyAsync<AppRemoval>(cancellation, [.. leaving])).Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var app in leaving.Where(app => !noted.Contains(app)))
            session.Store(new AppRemoval { Id = app, NextAt = time.GetUtcNow() });
        await session.SaveChangesAsync(cancellation);
    }

    private async Task BeginDueAsync(Wakeups.Subscription wakeup, CancellationToken stopping)
    {
        await using var session = store.QuerySession();
        var now = time.GetUtcNow();
        foreach (var due in (await session.Query<AppRemoval>().ToListAsync(stopping)).Where(r => r.NextAt <= now).OrderBy(r => r.NextAt))
        {
            if (running.Count >= MostAtOnce)
                return;
            if (running.TryAdd(due.Id, 0))
                _ = Task.Run(() => RunAsync(due.Id, wakeup, stopping), CancellationToken.None);
        }
    }

    private async Task RunAsync(string appId, Wakeups.Subscription wakeup, CancellationToken stopping)
    {
        var looked = false;
        try
        {
            await using var connection = await database.OpenConnectionAsync(stopping);
            if (!await IsMineAsync(connection, appId, stopping))
                return;
            try
            {
                await LookAsync(appId, stopping);
                looked = true;
            }
            finally
            {
                await using var free = new NpgsqlCommand("select pg_advisory_unlock_all()", connection);
                await free.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // Another node, or this one started again, goes on: the note is still there.
        }
        catch (Exception e)
        {
            log.LogWarning("App {App} could not be looked at for its removal, trying again: {Reason}", appId, e.Message);
        }
        finally
        {
            running.TryRemove(appId, out _);
            // Where another node holds it, or it cannot be looked at, it is due still: that can wait for the next look round.
            if (looked)
                wakeup.Signal();
        }
    }

    private async Task LookAsync(string appId, CancellationToken stopping)
    {
        await using var session = store.LightweightSession();
        // Another node may have looked between the list and the lock.
        if (await session.LoadAsync<AppRemoval>(appId, stopping) is not { } removal || removal.NextAt > time.GetUtcNow())
            return;
        var outcome = RemovalOutcome.Blocked;
        try
        {
            outcome = await remover.RunAsync(appId, stopping);
        }
        finally
        {
            if (outcome != RemovalOutcome.Gone)
                await NoteAsync(session, removal, outcome, stopping);
        }
    }

    private async Task NoteAsync(IDocumentSession session, AppRemoval removal, RemovalOutcome outcome, CancellationToken stopping)
    {
        var now = time.GetUtcNow();
        var looks = outcome == RemovalOutcome.Blocked ? removal.Looks + 1 : removal.Looks;
        // Who asks again meanwhile wants another look at once.
        var asked = (await session.LoadAsync<AppRemoval>(removal.Id, stopping))?.NextAt > removal.NextAt;
        var pause = asked ? TimeSpan.Zero : outcome == RemovalOutcome.Stopping ? LookEvery : AppRemoval.Backoff(looks, Random.Shared.NextDouble());
        session.Store(removal with { Looks = looks, LookedAt = now, NextAt = now + pause });
        await session.SaveChangesAsync(stopping);
    }

    /// <summary>The lock is the connection's, so it ends with it, whatever becomes of this process.</summary>
    private static async Task<bool> IsMineAsync(NpgsqlConnection connection, string appId, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 0))", connection)
        {
            Parameters = { new() { Value = $"removal of app {appId}" } },
        };
        return await command.ExecuteScalarAsync(cancellation) is true;
    }
}
