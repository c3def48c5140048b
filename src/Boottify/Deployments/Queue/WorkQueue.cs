using Boottify.Platform;
using Marten;
using Npgsql;

namespace Boottify.Deployments.Queue;

/// <summary>A deployment that this node may run until its lease ends.</summary>
/// <param name="Claims">How often it was claimed; grows each time another node takes over.</param>
public sealed record Claim(string DeploymentId, string AppId, bool Builds, int Claims);

/// <summary>
/// Which deployment waits, which runs, and where. All decisions are single SQL statements, so any number of nodes may ask at
/// once. A lease that is not renewed ends, and the deployment is offered to whoever asks next.
/// </summary>
public sealed class WorkQueue(NpgsqlDataSource database)
{
    /// <summary>How long a node's claim lasts without a heartbeat.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(6);

    private const string ClaimSql = $"""
        with candidate as (
            select w.deployment_id from {WorkTable.Work} w
            where (w.running or w.builds is false or @mayBuild) and w.deployment_id <> all(@own)
              and ((w.running and w.lease_until < now())
                or (not w.running and not exists (select 1 from {WorkTable.Work} r where r.app_id = w.app_id and r.running)))
            order by w.running desc,
                     (select count(*) from {WorkTable.Work} r where r.team_id = w.team_id and r.running),
                     w.queued_at
            for update of w skip locked
            limit 1)
        update {WorkTable.Work} w
        set running = true, node = @node, lease_until = now() + @lease, claims = w.claims + 1
        from candidate c
        where w.deployment_id = c.deployment_id
        returning w.deployment_id, w.app_id, w.builds, w.claims
        """;

    private const string RenewSql = $"""
        update {WorkTable.Work} set lease_until = now() + @lease
        where node = @node and deployment_id = any(@deployments) and running and lease_until >= now()
        returning deployment_id
        """;

    private const string ReleaseSql = $"""
        with released as (
            update {WorkTable.Work} set lease_until = now() - interval '1 second'
            where deployment_id = @deployment and node = @node
            returning 1)
        select pg_notify('{Wakeups.ChannelName}', '{Wakeups.Queue}') from released
        """;

    private const string ListSql = $"select deployment_id, app_id, team_id, builds, queued_at, running, node from {WorkTable.Work}";

    /// <summary>
    /// Takes the next deployment: an abandoned one first, else of the team with the fewest running, the one that waits longest.
    /// </summary>
    /// <param name="mayBuild">This node has room for one more build.</param>
    /// <param name="own">
    /// Deployments whose work has not ended on this node, whatever became of their leases: they are left to others until it has.
    /// </param>
    /// <returns>Null when nothing waits that may run here.</returns>
    public async Task<Claim?> ClaimAsync(string node, bool mayBuild, CancellationToken cancellation, IEnumerable<string>? own = null)
    {
        await using var command = database.CreateCommand(ClaimSql);
        command.Parameters.AddWithValue("node", node);
        command.Parameters.AddWithValue("own", own?.ToArray() ?? []);
        command.Parameters.AddWithValue("lease", Lease);
        command.Parameters.AddWithValue("mayBuild", mayBuild);
        try
        {
            await using var row = await command.ExecuteReaderAsync(cancellation);
            return await row.ReadAsync(cancellation)
                ? new Claim(row.GetString(0), row.GetString(1), row.GetBoolean(2), row.GetInt32(3))
                : null;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // Two nodes took two deployments of one app at the same moment; the database let one of them have it.
            return null;
        }
    }

    /// <summary>The heartbeat: prolongs what this node still holds, of the deployments that it really runs.</summary>
    /// <returns>The deployments it still holds; any other one is lost and must stop at once.</returns>
    public async Task<IReadOnlySet<string>> RenewAsync(string node, IEnumerable<string> deployments, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(RenewSql);
        command.Parameters.AddWithValue("node", node);
        command.Parameters.AddWithValue("deployments", deployments.ToArray());
        command.Parameters.AddWithValue("lease", Lease);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var held = new HashSet<string>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellation))
            held.Add(rows.GetString(0));
        return held;
    }

    /// <summary>Gives a deployment back at once, and wakes the other nodes to go on with it.</summary>
    public async Task ReleaseAsync(string deploymentId, string node, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(ReleaseSql);
        command.Parameters.AddWithValue("deployment", deploymentId);
        command.Parameters.AddWithValue("node", node);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>All that waits or runs, in no order; see <see cref="QueueOrder"/>.</summary>
    public async Task<IReadOnlyList<QueuedWork>> ListAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(ListSql);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var all = new List<QueuedWork>();
        while (await rows.ReadAsync(cancellation))
        {
            all.Add(new QueuedWork(
                rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetBoolean(3), await rows.GetFieldValueAsync<DateTimeOffset>(4, cancellation),
                rows.GetBoolean(5), await rows.IsDBNullAsync(6, cancellation) ? null : rows.GetString(6)));
        }

        return all;
    }

    /// <summary>
    /// Lets the session's transaction fail if the claim is not the node's any more. It divides by zero then: a command within a
    /// session cannot answer, only fail. The row stays locked to the transaction's end, so nobody takes over in between.
    /// </summary>
    public static void Require(IDocumentOperations session, Claim claim, string node) => session.QueueSqlCommand(
        $"update {WorkTable.Work} set claims = claims / (case when running and node = ? and claims = ? then 1 else 0 end) where deployment_id = ?",
        node, claim.Claims, claim.DeploymentId);

    /// <summary>Whether a save failed because of <see cref="Require"/>.</summary>
    public static bool IsLost(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is PostgresException { SqlState: PostgresErrorCodes.DivisionByZero })
                return true;
        }

        return false;
    }

    /// <summary>Adds a row in the session's own transaction, and wakes the dispatchers once it commits.</summary>
    public static void Enqueue(IDocumentOperations session, DeploymentRequested requested)
    {
        session.QueueSqlCommand(
            $"insert into {WorkTable.Work} (deployment_id, app_id, team_id, builds, queued_at) values (?, ?, ?, ?, ?)",
            requested.DeploymentId, requested.AppId, requested.TeamId, requested.ToRelease is null, requested.At);
        Wakeups.Announce(session, Wakeups.Queue);
    }

    /// <summary>Removes the row in the session's own transaction, which is the one that ends the deployment.</summary>
    public static void Remove(IDocumentOperations session, string deploymentId)
    {
        session.QueueSqlCommand($"delete from {WorkTable.Work} where deployment_id = ?", deploymentId);
        Wakeups.Announce(session, Wakeups.Queue);
    }
}
