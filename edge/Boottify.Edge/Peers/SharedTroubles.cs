using System.Collections.Concurrent;
using System.Text.Json;
using Boottify.Edge.Certificates;
using Boottify.Edge.Files;
using Npgsql;

namespace Boottify.Edge.Peers;

/// <summary>
/// What edges know of names that failed, so that none of them tries one before its time: a row for each name, with how often,
/// why, and until when. It is about what follows one certificate, whose serial it tells: a later one makes it void.
/// </summary>
/// <remarks>
/// An edge's times are put right by the database's clock: a row tells what its writer's clock said when it was written. What a
/// question may take to come and go cannot be told from a clock that is wrong, so that much counts as right.
/// </remarks>
public sealed class SharedTroubles(SharedDatabase database, EdgeFolders folders, TimeProvider clock, ILogger<SharedTroubles> log)
{
    private const string Mark = ".withdrawn";
    private const int LargestRow = 64 * 1024;
    private static readonly TimeSpan s_rightEnough = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_hurryTime = TimeSpan.FromSeconds(5);
    private static readonly DateTime s_anyTime = new(9000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>And when. On disk, too (<see cref="MarkOf"/>), so that a restart before the others were told forgets none.</summary>
    private readonly ConcurrentDictionary<string, long> _withdrawn = new();

    /// <summary>A later certificate than that with the serial <c>{0}</c> is there for the name <c>{1}</c>.</summary>
    private static string IsVoid(string name, string serial) =>
        $"exists (select from boottify_edge.certificates c where c.name = {name} and c.serial <> {serial} and not c.revoked and c.not_after > now())";

    private sealed record Row(Trouble Trouble, bool Hurried);

    /// <summary>Puts together what this edge knows and what the others do. Somebody's wish for another attempt is heard, whichever edge it came to.</summary>
    /// <exception cref="PeersAwayException">Nobody can say.</exception>
    public async Task<Trouble?> MeetAsync(CertificateName name, Trouble? mine, CancellationToken cancellation)
    {
        if (_withdrawn.TryGetValue(name.ToString(), out var at)) await RemoveWithdrawnAsync(name.ToString(), at, cancellation);
        var theirs = (await ReadAsync([name.ToString()], cancellation)).GetValueOrDefault(name.ToString());
        var known = Trouble.Of(mine, theirs?.Trouble);
        return theirs is { Hurried: true } && known!.Hurried(clock.GetUtcNow()) is { } hurried ? hurried : known;
    }

    /// <summary>Puts there what all edges shall know, whatever is there.</summary>
    /// <param name="serial">Of the certificate that this edge has; null for none.</param>
    /// <exception cref="PeersAwayException">The others do not learn of it now.</exception>
    public Task PutAsync(CertificateName name, string? serial, Trouble trouble, CancellationToken cancellation) => PutAsync(name, serial, trouble, s_anyTime, cancellation);

    /// <summary>There is a certificate: nothing is left of what was before.</summary>
    /// <exception cref="PeersAwayException">The certificate makes it void as well.</exception>
    public Task RemoveAsync(string name, CancellationToken cancellation) => database.TellAsync("delete from boottify_edge.troubles where name = $1", [name], cancellation);

    /// <summary>This edge serves the name no longer; when it is wanted again, it begins anew. An edge that still has trouble with it puts that back.</summary>
    public void Withdraw(CertificateName name)
    {
        _withdrawn[name.ToString()] = clock.GetTimestamp();
        try
        {
            File.WriteAllText(MarkOf(name.ToString()), name.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogError("That {Name} was withdrawn is told to the other edges unless this one is started again before: {Problem}", name, e.Message);
        }
    }

    /// <summary>Goes on with what was withdrawn before this edge was started.</summary>
    public void RecallWithdrawn()
    {
        foreach (var mark in Directory.GetFiles(folders.CertificateStates, $"*{Mark}"))
            if (File.ReadAllText(mark) is { Length: > 0 } name && MarkOf(name) == mark) _withdrawn.TryAdd(name, clock.GetTimestamp());
            else File.Delete(mark);
    }

    /// <summary>Notes somebody's wish, for all edges. False when there was another one not long ago; true as well when nobody can say.</summary>
    public async Task<bool> TryHurryAsync(CertificateName name, TimeSpan between, CancellationToken cancellation)
    {
        try
        {
            return await database.TellAsync("""
                insert into boottify_edge.hurries as last (name, at) values ($1, clock_timestamp())
                on conflict (name) do update set at = excluded.at where last.at < excluded.at - $2
                """, [name.ToString(), between], cancellation, s_hurryTime) == 1;
        }
        catch (PeersAwayException)
        {
            return true;
        }
    }

    /// <summary>Tells of failures that the others do not know, as they were met while the database was away.</summary>
    /// <param name="began">When the look began, by the database's clock: what was written since is newer.</param>
    /// <exception cref="PeersAwayException">Later, then.</exception>
    public async Task AlignAsync(IReadOnlyList<(CertificateName Name, string? Serial, Trouble Trouble)> troubled, DateTimeOffset began, CancellationToken cancellation)
    {
        foreach (var some in troubled.Chunk(1000))
        {
            var there = await ReadAsync([.. some.Select(one => one.Name.ToString())], cancellation);
            foreach (var (name, serial, mine) in some)
            {
                var theirs = there.GetValueOrDefault(name.ToString())?.Trouble;
                if (theirs?.Knows(mine) is not true) await PutAsync(name, serial, Trouble.Of(mine.ForOthers(clock.GetUtcNow()), theirs)!, began.UtcDateTime, cancellation);
            }
        }
    }

    /// <exception cref="PeersAwayException">Later, then.</exception>
    public async Task RemoveWithdrawnAsync(CancellationToken cancellation)
    {
        foreach (var (name, at) in _withdrawn) await RemoveWithdrawnAsync(name, at, cancellation);
    }

    /// <exception cref="PeersAwayException">Later, then.</exception>
    public Task TidyAsync(CancellationToken cancellation) => database.TellAsync($"""
        delete from boottify_edge.troubles t where t.updated_at < now() - interval '40 days' or {IsVoid("t.name", "t.serial")};
        delete from boottify_edge.hurries where at < now() - interval '1 day';
        """, [], cancellation);

    /// <summary>What was written since is another edge's, for which the name is wanted again.</summary>
    private async Task RemoveWithdrawnAsync(string name, long at, CancellationToken cancellation)
    {
        await database.TellAsync("delete from boottify_edge.troubles where name = $1 and updated_at < clock_timestamp() - $2", [name, clock.GetElapsedTime(at)], cancellation);
        if (_withdrawn.TryRemove(KeyValuePair.Create(name, at))) File.Delete(MarkOf(name));
    }

    private string MarkOf(string name) => Path.Combine(folders.CertificateStates, name.Replace("*", "_wildcard", StringComparison.Ordinal) + Mark);

    private Task<int> PutAsync(CertificateName name, string? serial, Trouble trouble, DateTime ifBefore, CancellationToken cancellation) => database.TellAsync($"""
        insert into boottify_edge.troubles as held (name, serial, trouble, clock, updated_at)
        select $1, $2, $3, $4, clock_timestamp() where not {IsVoid("$1", "$2")}
        on conflict (name) do update set serial = excluded.serial, trouble = excluded.trouble, clock = excluded.clock, updated_at = excluded.updated_at
        where held.updated_at <= $5
        """, [name.ToString(), serial ?? "", JsonSerializer.Serialize(trouble, JsonSerializerOptions.Web), clock.GetUtcNow().UtcDateTime, ifBefore], cancellation);

    private Task<Dictionary<string, Row>> ReadAsync(string[] names, CancellationToken cancellation) => database.AskAsync(async (connection, ending) =>
    {
        var all = new Dictionary<string, Row>(StringComparer.Ordinal);
        await using var command = connection.Ask($"""
            select t.name, t.trouble, t.updated_at - t.clock, clock_timestamp(), coalesce(h.at > t.updated_at, false)
            from boottify_edge.troubles t left join boottify_edge.hurries h on h.name = t.name
            where t.name = any($1) and length(t.trouble) <= {LargestRow} and not {IsVoid("t.name", "t.serial")}
            """, [names]);
        await using var rows = await command.ExecuteReaderAsync(ending);
        while (await rows.ReadAsync(ending))
            if (Read(rows) is { } trouble) all[rows.GetString(0)] = new Row(trouble, rows.GetBoolean(4));
        return all;
    }, cancellation);

    private Trouble? Read(NpgsqlDataReader row)
    {
        try
        {
            var now = clock.GetUtcNow();
            // The writer's clock behind the database's, and the database's behind this edge's.
            var by = Wrong(row.GetTimeSpan(2)) + Wrong(now - row.GetFieldValue<DateTimeOffset>(3));
            if (JsonSerializer.Deserialize<Trouble>(row.GetString(1), JsonSerializerOptions.Web) is { } read && read.IsSound(now - by)) return read.Shifted(by);
            log.LogError("What another edge has written of its failures for {Name} cannot be used", row.GetString(0));
        }
        catch (Exception e) when (e is JsonException or ArgumentOutOfRangeException or InvalidCastException)
        {
            log.LogError("What another edge has written of its failures for {Name} cannot be read: {Problem}", row.GetString(0), e.Message);
        }

        return null;
    }

    private static TimeSpan Wrong(TimeSpan difference) => difference.Duration() <= s_rightEnough ? TimeSpan.Zero : difference;
}
