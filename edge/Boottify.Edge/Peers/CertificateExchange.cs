using System.Collections.Concurrent;
using Boottify.Edge.Certificates;

namespace Boottify.Edge.Peers;

/// <summary>
/// Keeps this edge's certificates, failures and counts and those in the database alike, in both directions: woken by each change, and by itself from
/// time to time. What was done while the database was away is made up for when it is back.
/// </summary>
public sealed class CertificateExchange(
    SharedDatabase database, SharedCertificates shared, SharedTroubles troubles, SharedUses uses, CertificateKeeper keeper, CertificateStore store, TimeProvider clock, ILogger<CertificateExchange> log)
    : BackgroundService
{
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_betweenFullLooks = TimeSpan.FromMinutes(10);

    /// <summary>A look sees what was written within a statement of the look before it, too.</summary>
    private static readonly TimeSpan s_overlap = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stoppingToken);
            }
            catch (PeersAwayException)
            {
                // It was said.
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested && ((SharedDatabase.IsAway(e) && e is not IOException) || e is OperationCanceledException))
            {
                database.Away(e); // Npgsql wraps what the network does; a plain IOException is this edge's own disk.
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogError("Certificates are not exchanged with the other edges: {Problem}", e.Message);
            }

            await Task.Delay(s_again + (s_again * Random.Shared.NextDouble()), clock, stoppingToken);
        }
    }

    /// <summary>Until something fails.</summary>
    private async Task FollowAsync(CancellationToken cancellation)
    {
        await using var listening = await database.OpenAsync(cancellation);
        var told = new ConcurrentQueue<string>();
        listening.Notification += (_, change) => told.Enqueue(change.Payload);
        await using var listen = listening.Ask($"listen {SharedCertificates.Channel}");
        await listen.ExecuteNonQueryAsync(cancellation);
        await using var clockThere = listening.Ask("select clock_timestamp()"); // Tells as well that the connection is alive.
        var (since, fullAt) = (DateTimeOffset.MinValue, long.MinValue);
        while (true)
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            while (told.TryDequeue(out var name)) names.Add(name);
            var began = new DateTimeOffset((DateTime)(await clockThere.ExecuteScalarAsync(cancellation))!);
            if (fullAt == long.MinValue || clock.GetElapsedTime(fullAt) >= s_betweenFullLooks)
            {
                await AlignAsync(null, cancellation);
                await troubles.AlignAsync(keeper.Troubled(), began, cancellation);
                await TidyAsync(cancellation);
                fullAt = clock.GetTimestamp();
            }
            else
            {
                await shared.RemoveWithdrawnAsync(Served(), cancellation);
                if (names.Count > 0) await AlignAsync(names, cancellation);
                await TakeNewerAsync(await shared.ListAsync(null, since - s_overlap, cancellation), cancellation);
            }

            await troubles.RemoveWithdrawnAsync(cancellation);
            await uses.ExchangeAsync(cancellation);
            since = began;
            if (told.IsEmpty) await listening.WaitAsync((int)s_poll.TotalMilliseconds, cancellation);
        }
    }

    private HashSet<string> Served() => [.. keeper.Kept().Select(kept => kept.Name.ToString())];

    /// <summary>Both ways: takes what is newer there, and puts there what is newer here, or is not there.</summary>
    /// <param name="names">Null for all.</param>
    private async Task AlignAsync(HashSet<string>? names, CancellationToken cancellation)
    {
        await shared.RemoveWithdrawnAsync(Served(), cancellation);
        var kept = keeper.Kept().Where(one => names?.Contains(one.Name.ToString()) is not false).ToList();
        var there = await shared.ListAsync([.. kept.Select(one => one.Name.ToString())], default, cancellation);
        await TakeNewerAsync(there, cancellation);
        foreach (var (name, mine, working) in kept)
        {
            var held = there.GetValueOrDefault(name.ToString());
            // One that is being ordered is put there by its order; one that must not be served any more, by nobody.
            if (working || mine?.IsValidAt(clock.GetUtcNow()) is not true || held?.GoesAfter(mine, clock.GetUtcNow()) is false || store.RevokedOf(name) == mine.Serial) continue;
            if (await store.ReadAsync(name, cancellation) is { } pem) await shared.PutAsync(name, mine, pem, null, cancellation);
        }
    }

    private async Task TakeNewerAsync(IReadOnlyDictionary<string, SharedCertificate> there, CancellationToken cancellation)
    {
        if (there.Count == 0) return;
        foreach (var (name, mine, _) in keeper.Kept())
        {
            if (!there.TryGetValue(name.ToString(), out var held)) continue;
            if (held.Revoked && held.Serial == mine?.Serial) await keeper.ReplaceAsync(name, held.Serial);
            else if (held.GoesBefore(name, mine, clock.GetUtcNow()) && await shared.FindAsync(name, mine, store.RevokedOf(name), cancellation) is var (certificate, pem)) keeper.Take(name, certificate, pem);
        }
    }

    /// <summary>Notes what is served here, and removes what nobody has served for a week, and what a crash has left.</summary>
    private async Task TidyAsync(CancellationToken cancellation)
    {
        foreach (var served in keeper.Kept().Select(kept => kept.Name.ToString()).Chunk(1000))
            await database.TellAsync("update boottify_edge.certificates set served_at = now() where name = any($1) and served_at < now() - interval '12 hours'", [served], cancellation);
        await database.TellAsync("""
            delete from boottify_edge.certificates where served_at < now() - interval '7 days';
            delete from boottify_edge.challenges where expires_at < now();
            delete from boottify_edge.leases where until < now() - interval '1 day';
            """, [], cancellation);
        await troubles.TidyAsync(cancellation);
        await uses.TidyAsync(cancellation);
    }
}
