using Boottify.Edge.Acme;
using Npgsql;

namespace Boottify.Edge.Peers;

/// <summary>
/// What edges have used of the authorities' limits: a row for each use, only ever added, which each edge puts together with its
/// own <see cref="Budget"/>. Told by its age, not its time, so that no edge's clock matters.
/// </summary>
public sealed class SharedUses(SharedDatabase database, Authorities authorities, NameLeases leases, TimeProvider clock)
{
    private const int MostAtOnce = 1000;

    /// <summary>A look sees what was written within a statement of the look before it, too.</summary>
    private static readonly TimeSpan s_overlap = TimeSpan.FromMinutes(1);

    private DateTime _since = DateTime.UnixEpoch;

    /// <summary>Tells the others what this edge has used.</summary>
    /// <exception cref="PeersAwayException">Later, then: it stays on this edge's disk.</exception>
    public async Task TellAsync(CancellationToken cancellation)
    {
        foreach (var authority in authorities.All)
        {
            while (authority.Budget.Unshared(MostAtOnce) is { Count: > 0 } uses)
            {
                var now = clock.GetUtcNow();
                await database.TellAsync("""
                    insert into boottify_edge.uses (id, authority, kind, key, at, put_at)
                    select use.id, $2, use.kind, use.key, clock_timestamp() - make_interval(secs => use.age), clock_timestamp()
                    from unnest($1, $3, $4, $5) as use (id, kind, key, age) on conflict (id) do nothing
                    """,
                    [uses.Select(use => use.Id).ToArray(), authority.Settings.Directory.AbsoluteUri, uses.Select(use => use.Kind.ToString()).ToArray(), uses.Select(use => use.Key).ToArray(),
                        uses.Select(use => (now - use.At).TotalSeconds).ToArray()], cancellation);
                authority.Budget.Shared(uses);
            }
        }
    }

    /// <summary>Tells and hears. From its return on the budgets know what was used by all edges, and which names are under way at others.</summary>
    /// <exception cref="PeersAwayException">This edge goes on with what it knows.</exception>
    public async Task ExchangeAsync(CancellationToken cancellation)
    {
        await TellAsync(cancellation);
        var node = await leases.NodeAsync(cancellation);
        // Leases first: what an edge has used is there before its lease is gone, so one or the other is seen.
        var names = await database.AskAsync(async (connection, ending) =>
        {
            await using var command = connection.Ask("select name from boottify_edge.leases where until > now() and node <> $1 limit 10000", [node]);
            await using var rows = await command.ExecuteReaderAsync(ending);
            var elsewhere = new List<string>();
            while (await rows.ReadAsync(ending)) elsewhere.Add(rows.GetString(0));
            return elsewhere;
        }, cancellation);
        var (heard, last) = await database.AskAsync(HearAsync, cancellation);
        // On this edge's disk: no matter of the database. What could not be stored is read again.
        foreach (var authority in authorities.All) authority.Budget.Meet(heard.Where(one => one.Authority == authority.Settings.Directory.AbsoluteUri).Select(one => one.Use));
        if (last - s_overlap > _since) _since = last - s_overlap;
        foreach (var authority in authorities.All) authority.Budget.SetElsewhere(names);
    }

    /// <summary>What was under way at others when they were last heard of is not known any more.</summary>
    public void ForgetElsewhere()
    {
        foreach (var authority in authorities.All) authority.Budget.SetElsewhere([]);
    }

    /// <exception cref="PeersAwayException">Later, then.</exception>
    public Task TidyAsync(CancellationToken cancellation) => database.TellAsync("delete from boottify_edge.uses where at < now() - interval '8 days'", [], cancellation);

    private async Task<(List<(string Authority, Use Use)> Heard, DateTime Last)> HearAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = connection.Ask("""
            select id, authority, kind, key, extract(epoch from clock_timestamp() - at)::double precision, put_at from boottify_edge.uses
            where put_at > $1 and at > now() - interval '7 days' order by put_at limit 100000
            """, [_since]);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var (now, last, heard) = (clock.GetUtcNow(), DateTime.UnixEpoch, new List<(string Authority, Use Use)>());
        while (await rows.ReadAsync(cancellation))
        {
            last = rows.GetDateTime(5);
            if (Use.Of(rows.GetString(0), rows.GetString(2), rows.GetString(3), now - TimeSpan.FromSeconds(rows.GetDouble(4))) is { } use) heard.Add((rows.GetString(1), use));
        }

        return (heard, last);
    }
}
