using System.Text.RegularExpressions;
using Boottify.Contracts.Databases;
using Npgsql;
using Polly;
using Polly.Retry;

namespace Boottify.Databases;

/// <summary>
/// One database and one login role an app. Each step leaves a state from which the next run goes on: a role without a
/// database, or a database that nobody may connect to yet.
/// </summary>
internal sealed partial class PostgresAppDatabases(NpgsqlDataSource server, string hostForPods, string instance, ILogger<PostgresAppDatabases> logger) : IAppDatabases
{
    public const int ConnectionLimit = 20;

    /// <summary>Begins the note on each database that names the platform which made it.</summary>
    private const string MarkStart = "boottify.instance=";

    private static readonly ResiliencePipeline Pipeline = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<NpgsqlException>(IsPassing),
            MaxRetryAttempts = 5,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(200),
        })
        .AddTimeout(TimeSpan.FromMinutes(1))
        .Build();

    public async Task<string> EnsureAsync(string database, string role, string password, CancellationToken cancellation)
    {
        RequireName(database);
        RequireName(role);
        var verifier = ScramVerifier.Of(password);
        await LockedAsync(database, async (connection, token) =>
        {
            if (!await ExistsAsync(connection, "SELECT 1 FROM pg_roles WHERE rolname = $1", role, token))
                await RunAsync(connection, $"CREATE ROLE {Quote(role)} NOLOGIN", token);
            await RunAsync(
                connection,
                $"ALTER ROLE {Quote(role)} WITH LOGIN INHERIT NOCREATEDB NOCREATEROLE CONNECTION LIMIT {ConnectionLimit} PASSWORD '{verifier}'",
                token);
            await RunAsync(connection, $"ALTER ROLE {Quote(role)} SET statement_timeout = '60s'", token);
            await RunAsync(connection, $"ALTER ROLE {Quote(role)} SET idle_in_transaction_session_timeout = '60s'", token);
            // Whoever makes a database for a role has to be a member of it.
            await RunAsync(connection, $"GRANT {Quote(role)} TO CURRENT_USER", token);

            var held = await MarkAsync(connection, database, token);
            if (held is null)
                await RunAsync(connection, $"CREATE DATABASE {Quote(database)} OWNER {Quote(role)} TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false", token);
            await RunAsync(connection, $"REVOKE ALL ON DATABASE {Quote(database)} FROM PUBLIC", token);
            // Another platform's note stays: it is the only proof that the database is not ours to remove.
            if (string.IsNullOrEmpty(held))
                await RunAsync(connection, $"COMMENT ON DATABASE {Quote(database)} IS '{(MarkStart + instance).Replace("'", "''", StringComparison.Ordinal)}'", token);
            await RunAsync(connection, $"ALTER DATABASE {Quote(database)} WITH ALLOW_CONNECTIONS true CONNECTION LIMIT {ConnectionLimit}", token);
            await WarnOfOpenDatabasesAsync(connection, database, role, token);
        }, cancellation);
        return UrlOf(database, role, password);
    }

    public string UrlOf(string database, string role, string password) => PostgresUrl.Format(role, password, hostForPods, database);

    public async Task DropAsync(string database, string role, CancellationToken cancellation)
    {
        RequireName(database);
        RequireName(role);
        await LockedAsync(database, async (connection, token) =>
        {
            if (await ExistsAsync(connection, "SELECT 1 FROM pg_database WHERE datname = $1", database, token))
            {
                await RunAsync(connection, $"ALTER DATABASE {Quote(database)} WITH ALLOW_CONNECTIONS false", token);
                await EndSessionsAsync(connection, database, token);
            }

            // WITH (FORCE) would be refused while autovacuum works there, which is nobody's to end but the server's: this does it.
            await RunAsync(connection, $"DROP DATABASE IF EXISTS {Quote(database)}", token);
            await RunAsync(connection, $"DROP ROLE IF EXISTS {Quote(role)}", token);
            if (await ExistsAsync(connection, "SELECT 1 FROM pg_database WHERE datname = $1", database, token)
                || await ExistsAsync(connection, "SELECT 1 FROM pg_roles WHERE rolname = $1", role, token))
                throw new InvalidOperationException($"{database} is there again: something made it at the same moment.");
        }, cancellation);
    }

    public async Task<IReadOnlyList<AppDatabase>> ListAsync(CancellationToken cancellation) =>
        await Pipeline.ExecuteAsync(async token =>
        {
            await using var command = server.CreateCommand(
                @"SELECT datname, coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname LIKE 'app\_%' AND pg_has_role(datdba, 'MEMBER') ORDER BY datname");
            await using var reader = await command.ExecuteReaderAsync(token);
            var found = new List<AppDatabase>();
            while (await reader.ReadAsync(token))
            {
                var note = reader.GetString(1);
                var maker = note.StartsWith(MarkStart, StringComparison.Ordinal) ? note[MarkStart.Length..] : null;
                found.Add(new AppDatabase(reader.GetString(0), maker, string.Equals(maker, instance, StringComparison.Ordinal)));
            }

            return found;
        }, cancellation);

    /// <summary>One at a time for each database, over all nodes of the control plane; a lost connection frees the lock.</summary>
    private async Task LockedAsync(string database, Func<NpgsqlConnection, CancellationToken, Task> action, CancellationToken cancellation) =>
        await Pipeline.ExecuteAsync(async token =>
        {
            await using var connection = await server.OpenConnectionAsync(token);
            await using (var take = new NpgsqlCommand("SELECT pg_advisory_lock(hashtextextended($1, 0))", connection) { Parameters = { new() { Value = database } } })
                await take.ExecuteNonQueryAsync(token);
            try
            {
                await action(connection, token);
            }
            finally
            {
                await using var give = new NpgsqlCommand("SELECT pg_advisory_unlock_all()", connection);
                await give.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }, cancellation);

    /// <summary>The sessions that we may end; the server waits 5 s for them to be gone before it refuses to drop.</summary>
    private static async Task EndSessionsAsync(NpgsqlConnection connection, string database, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pg_has_role(usesysid, 'USAGE')", connection)
        {
            Parameters = { new() { Value = database } },
        };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Only their owner can close the server's other databases to PUBLIC; whoever runs the server has to know.</summary>
    private async Task WarnOfOpenDatabasesAsync(NpgsqlConnection connection, string database, string role, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "SELECT string_agg(datname, ', ') FROM pg_database WHERE datallowconn AND datname <> $1 AND has_database_privilege($2::name, oid, 'CONNECT')", connection)
        {
            Parameters = { new() { Value = database }, new() { Value = role } },
        };
        if (await command.ExecuteScalarAsync(cancellation) is string open)
            LogOpenDatabases(logger, open);
    }

    /// <returns>The note on the database, empty without one; null when there is no such database.</returns>
    private static async Task<string?> MarkAsync(NpgsqlConnection connection, string database, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = $1", connection)
        {
            Parameters = { new() { Value = database } },
        };
        return await command.ExecuteScalarAsync(cancellation) as string;
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string query, string name, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(query, connection) { Parameters = { new() { Value = name } } };
        return await command.ExecuteScalarAsync(cancellation) is not null;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string statement, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static bool IsPassing(NpgsqlException failure) =>
        failure.IsTransient
        || failure.SqlState is PostgresErrorCodes.ObjectInUse or PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation
        || failure.Message.Contains("tuple concurrently updated", StringComparison.Ordinal);

    private static string Quote(string identifier) => $"\"{identifier}\"";

    /// <summary>Nothing but apps' own names gets near a DROP.</summary>
    private static void RequireName(string name)
    {
        if (!AppName().IsMatch(name))
            throw new ArgumentException($"'{name}' is no name of an app's database or role: expected app_ and then lower-case letters and digits.", nameof(name));
    }

    [GeneratedRegex("^app_[a-z0-9]{1,59}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex AppName();

    [LoggerMessage(LogLevel.Warning, "Apps' roles may connect to these databases too: {Databases}. Close each with: REVOKE CONNECT ON DATABASE \"name\" FROM PUBLIC")]
    private static partial void LogOpenDatabases(ILogger logger, string databases);
}
