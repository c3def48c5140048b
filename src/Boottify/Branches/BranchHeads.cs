using Boottify.Deployments.Queue;
using Marten;
using Npgsql;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace Boottify.Branches;

/// <summary>An app whose branch is to be looked at now.</summary>
/// <param name="Commit">Where the branch was at the last look; null before the first.</param>
/// <param name="Failures">Looks in a row that failed.</param>
public sealed record DueLook(string AppId, string? Commit, int Failures);

/// <summary>What the last look at an app's branch found.</summary>
/// <param name="Commit">The commit that it was at when it could be read last.</param>
/// <param name="LookedAt">Time of the last look, successful or not.</param>
/// <param name="Error">Why the last look failed; null if it did not.</param>
public sealed record BranchHead(string? Commit, DateTimeOffset? LookedAt, string? Error, DateTimeOffset NextLook);

/// <summary>
/// When each app's branch is to be looked at, and what the last look found. A look is claimed by one SQL statement that moves
/// its time on, so any number of nodes share the work, and what a dead one had claimed comes up again by itself. The table
/// holds no history: every row could be made again from nothing.
/// </summary>
public sealed class BranchHeads(NpgsqlDataSource database)
{
    private const string Heads = WorkTable.Schema + ".heads";

    private const string EnrolSql = $"""
        insert into {Heads} (app_id, next_look) select id, now() + random() * @within from unnest(@apps) id
        on conflict do nothing
        """;

    private const string ClaimSql = $"""
        update {Heads} set next_look = now() + @lease
        where app_id = (select app_id from {Heads} where next_look <= now() order by next_look for update skip locked limit 1)
        returning app_id, commit, failures
        """;

    private const string SeenSql = $"""
        insert into {Heads} (app_id, commit, looked_at, next_look) values (@app, @commit, now(), now() + @next)
        on conflict (app_id) do update
        set commit = excluded.commit, looked_at = excluded.looked_at, next_look = excluded.next_look, failures = 0, error = null
        """;

    private const string FailedSql = $"""
        insert into {Heads} (app_id, error, failures, looked_at, next_look) values (@app, @error, 1, now(), now() + @next)
        on conflict (app_id) do update
        set error = excluded.error, failures = {Heads}.failures + 1, looked_at = excluded.looked_at, next_look = excluded.next_look
        """;

    public static void AddTo(StoreOptions options)
    {
        var table = new Table(PostgresqlProvider.Instance.Parse(Heads));
        table.AddColumn("app_id", "text").AsPrimaryKey();
        table.AddColumn("next_look", "timestamptz").NotNull();
        table.AddColumn("looked_at", "timestamptz");
        table.AddColumn("commit", "text");
        table.AddColumn("failures", "integer").NotNull().DefaultValueByExpression("0");
        table.AddColumn("error", "text");
        table.Indexes.Add(new IndexDefinition("heads_next_look") { Columns = ["next_look"] });
        options.Storage.ExtendedSchemaObjects.Add(table);
    }

    /// <summary>Adds the apps that have no row yet, their first looks spread evenly over the time.</summary>
    public Task EnrolAsync(IReadOnlyCollection<string> apps, TimeSpan within, CancellationToken cancellation) =>
        RunAsync(EnrolSql, cancellation, ("apps", apps.ToArray()), ("within", within));

    /// <summary>Takes the look that is due longest; it comes up again after the lease unless its outcome is recorded before.</summary>
    /// <returns>Null when none is due.</returns>
    public async Task<DueLook?> ClaimAsync(TimeSpan lease, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(ClaimSql);
        command.Parameters.AddWithValue("lease", lease);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? new DueLook(row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetInt32(2)) : null;
    }

    public Task SeenAsync(string appId, string commit, TimeSpan next, CancellationToken cancellation) =>
        RunAsync(SeenSql, cancellation, ("app", appId), ("commit", commit), ("next", next));

    public Task FailedAsync(string appId, string error, TimeSpan next, CancellationToken cancellation) =>
        RunAsync(FailedSql, cancellation, ("app", appId), ("error", error), ("next", next));

    /// <summary>There is nothing to look for yet.</summary>
    public Task PutOffAsync(string appId, TimeSpan next, CancellationToken cancellation) =>
        RunAsync($"update {Heads} set next_look = now() + @next where app_id = @app", cancellation, ("app", appId), ("next", next));

    public Task ForgetAsync(string appId, CancellationToken cancellation) =>
        RunAsync($"delete from {Heads} where app_id = @app", cancellation, ("app", appId));

    /// <summary>In the session's transaction, which connects the app to another repository: what was seen of the old one is of no use.</summary>
    public static void Reset(IDocumentOperations session, string appId) => session.QueueSqlCommand(
        $"update {Heads} set next_look = now(), commit = null, looked_at = null, failures = 0, error = null where app_id = ?", appId);

    public async Task<IReadOnlyDictionary<string, BranchHead>> OfAsync(IReadOnlyCollection<string> apps, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"select app_id, commit, looked_at, error, next_look from {Heads} where app_id = any(@apps) and looked_at is not null");
        command.Parameters.AddWithValue("apps", apps.ToArray());
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var heads = new Dictionary<string, BranchHead>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellation))
        {
            heads[rows.GetString(0)] = new BranchHead(
                rows.IsDBNull(1) ? null : rows.GetString(1), rows.GetFieldValue<DateTimeOffset>(2), rows.IsDBNull(3) ? null : rows.GetString(3),
                rows.GetFieldValue<DateTimeOffset>(4));
        }

        return heads;
    }

    private async Task RunAsync(string sql, CancellationToken cancellation, params (string Name, object Value)[] parameters)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
