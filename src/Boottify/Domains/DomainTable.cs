using Boottify.Deployments.Queue;
using Boottify.Platform;
using Marten;
using Npgsql;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace Boottify.Domains;

/// <summary>A domain that is to be looked at now.</summary>
/// <param name="Id">From <see cref="Domain.IdOf"/>.</param>
/// <param name="Owns">The name is held by this claim.</param>
/// <param name="Looks">In a row that found the same.</param>
public sealed record DueDomain(string Id, string AppId, bool Owns, int Looks)
{
    public string TeamId => Id[..Id.IndexOf(':', StringComparison.Ordinal)];
}

/// <summary>
/// A row per claim: who holds the name, and when it is looked at next. A unique index lets the database itself refuse a second
/// holder. A look is claimed by one statement that leases it, so any number of nodes share the work, and what a dead
/// one had claimed comes up again by itself. A removed claim keeps its row, and so the name, until the edge has let go of it.
/// </summary>
public sealed class DomainTable(NpgsqlDataSource database)
{
    private const string Domains = WorkTable.Schema + ".domains";
    private const string Columns = "id, app_id, owns, looks";

    private const string ClaimSql = $"""
        update {Domains} set leased_until = now() + @lease
        where id = (select id from {Domains} where next_look <= now() and (leased_until is null or leased_until <= now()) and split_part(id, ':', 1) <> all(@busy) order by next_look for update skip locked limit 1)
        returning {Columns}
        """;

    public static void AddTo(StoreOptions options)
    {
        var table = new Table(PostgresqlProvider.Instance.Parse(Domains));
        table.AddColumn("id", "text").AsPrimaryKey();
        table.AddColumn("host", "text").NotNull();
        table.AddColumn("app_id", "text").NotNull();
        table.AddColumn("owns", "boolean").NotNull().DefaultValueByExpression("false");
        table.AddColumn("looks", "integer").NotNull().DefaultValueByExpression("0");
        table.AddColumn("next_look", "timestamptz").NotNull().DefaultValueByExpression("now()");
        table.AddColumn("leased_until", "timestamptz");
        table.Indexes.Add(new IndexDefinition("domains_one_holder") { Columns = ["host"], IsUnique = true, Predicate = "owns" });
        table.Indexes.Add(new IndexDefinition("domains_next_look") { Columns = ["next_look"] });
        table.Indexes.Add(new IndexDefinition("domains_app") { Columns = ["app_id"] });
        options.Storage.ExtendedSchemaObjects.Add(table);
    }

    /// <summary>In the session's transaction, which fails if the claim has a row already.</summary>
    public static void Add(IDocumentOperations session, Domain domain) =>
        session.QueueSqlCommand($"insert into {Domains} (id, host, app_id) values (?, ?, ?)", domain.Id, domain.Host, domain.AppId);

    /// <summary>In the session's transaction, which fails if another claim holds the name: see <see cref="IsTaken"/>.</summary>
    public static void Hold(IDocumentOperations session, string id) =>
        session.QueueSqlCommand($"update {Domains} set owns = true where id = ?", id);

    /// <summary>In the session's transaction: once the edge has let go of the name.</summary>
    public static void LetGo(IDocumentOperations session, string id) =>
        session.QueueSqlCommand($"update {Domains} set owns = false where id = ?", id);

    public static void Drop(IDocumentOperations session, string id) =>
        session.QueueSqlCommand($"delete from {Domains} where id = ?", id);

    /// <summary>In the session's transaction: looked at again as soon as it commits.</summary>
    public static void LookNow(IDocumentOperations session, string id)
    {
        session.QueueSqlCommand($"update {Domains} set next_look = now(), leased_until = null, looks = 0 where id = ?", id);
        Wakeups.Announce(session, Wakeups.Domains);
    }

    /// <summary>Whether a save failed because somebody else holds the name, or has a row where one was to be added.</summary>
    public static bool IsTaken(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "domains" })
                return true;
        }

        return false;
    }

    /// <summary>Takes the look that is due longest; it comes up again after the lease unless <see cref="LookedAsync"/> says otherwise before.</summary>
    /// <param name="busy">Teams whose domains are not looked at now.</param>
    /// <returns>Null when none is due.</returns>
    public async Task<DueDomain?> ClaimAsync(TimeSpan lease, IReadOnlyCollection<string> busy, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(ClaimSql);
        command.Parameters.AddWithValue("lease", lease);
        command.Parameters.AddWithValue("busy", busy.ToArray());
        return await OneAsync(command, cancellation);
    }

    public async Task<DueDomain?> FindAsync(string id, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select {Columns} from {Domains} where id = @id");
        command.Parameters.AddWithValue("id", id);
        return await OneAsync(command, cancellation);
    }

    public async Task LookedAsync(string id, int looks, TimeSpan next, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"update {Domains} set looks = @looks, next_look = now() + @next, leased_until = null where id = @id");
        command.Parameters.AddWithValue("id", id);
        command.Parameters.AddWithValue("looks", looks);
        command.Parameters.AddWithValue("next", next);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <returns>Whether a claim of another team than this one's holds the name.</returns>
    public async Task<bool> IsHeldByOthersAsync(string host, string id, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select 1 from {Domains} where host = @host and owns and id <> @id");
        command.Parameters.AddWithValue("host", host);
        command.Parameters.AddWithValue("id", id);
        return await command.ExecuteScalarAsync(cancellation) is not null;
    }

    /// <summary>Claims of an app, those that are being let go of included, with the time of their next look: now for one that is being looked at.</summary>
    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> OfAppAsync(string appId, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select id, greatest(next_look, now()) from {Domains} where app_id = @app");
        command.Parameters.AddWithValue("app", appId);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var found = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellation))
            found[rows.GetString(0)] = rows.GetFieldValue<DateTimeOffset>(1);
        return found;
    }

    private static async Task<DueDomain?> OneAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? new DueDomain(row.GetString(0), row.GetString(1), row.GetBoolean(2), row.GetInt32(3)) : null;
    }
}
