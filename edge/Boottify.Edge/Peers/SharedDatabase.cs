using System.Net.Sockets;
using Npgsql;

namespace Boottify.Edge.Peers;

/// <summary>The edges' database cannot be used right now: this edge goes on by itself. The message says why.</summary>
public sealed class PeersAwayException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The way to the database that edges share. It may be away at any time, from the start on: each question has an end, and after
/// one that failed the next ones fail at once for a moment, so that nobody waits for a server that is gone.
/// </summary>
public sealed class SharedDatabase : IAsyncDisposable
{
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(15);

    /// <summary>After an answer that was no good, and after none.</summary>
    private static readonly (TimeSpan Short, TimeSpan Long) s_rest = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(15));

    private static readonly TimeSpan s_betweenWords = TimeSpan.FromMinutes(1);
    private readonly NpgsqlDataSource _source;
    private readonly Seal _seal;
    private readonly TimeProvider _clock;
    private readonly ILogger<SharedDatabase> _log;
    private readonly SemaphoreSlim _preparing = new(1, 1);
    private volatile bool _prepared;
    private volatile Pause? _away;
    private long _saidAt;
    private int _said;

    private sealed record Pause(DateTimeOffset Until, string Reason);

    public SharedDatabase(PeerSettings settings, Seal seal, TimeProvider clock, ILogger<SharedDatabase> log)
    {
        (_seal, _clock, _log) = (seal, clock, log);
        _source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(settings.Database.ConnectionString)
        {
            ApplicationName = "boottify-edge",
            MaxPoolSize = 32,
            Timeout = (int)s_time.TotalSeconds,
            CommandTimeout = (int)s_time.TotalSeconds,
            CancellationTimeout = 1000,
        });
    }

    /// <summary>Asks over a connection of the pool.</summary>
    /// <param name="time">How long it may take; 15 s unless said.</param>
    /// <exception cref="PeersAwayException">No answer.</exception>
    public async Task<T> AskAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> question, CancellationToken cancellation, TimeSpan? time = null)
    {
        using var deadline = new CancellationTokenSource(time ?? s_time, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            await using var connection = await OpenAsync(either.Token);
            return await question(connection, either.Token);
        }
        catch (Exception e) when (IsAway(e) || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // Whoever has less time than others speaks for himself alone.
            if (time is not null && e is OperationCanceledException) throw new PeersAwayException("The edges' database did not answer in time.", e);
            throw Away(e);
        }
    }

    /// <exception cref="PeersAwayException">No answer.</exception>
    public Task<int> TellAsync(string sql, object[] values, CancellationToken cancellation, TimeSpan? time = null) => AskAsync(async (connection, ending) =>
    {
        await using var command = connection.Ask(sql, values);
        return await command.ExecuteNonQueryAsync(ending);
    }, cancellation, time);

    /// <summary>A connection to a database in which everything is there.</summary>
    /// <exception cref="PeersAwayException">No answer a moment ago, or not this edge's key.</exception>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellation)
    {
        if (_away is { } away && _clock.GetUtcNow() < away.Until) throw new PeersAwayException(away.Reason);
        var connection = await _source.OpenConnectionAsync(cancellation);
        try
        {
            if (!_prepared) await PrepareAsync(connection, cancellation);
            _away = null;
            if (Interlocked.Exchange(ref _said, 0) != 0) _log.LogInformation("The edges' database answers");
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>What is to be thrown for it. The log has it once a minute.</summary>
    public PeersAwayException Away(Exception problem)
    {
        if (problem is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName }) _prepared = false; // Somebody has removed it: made again.
        var silent = problem is OperationCanceledException or TimeoutException or { InnerException: TimeoutException };
        var away = problem as PeersAwayException ?? new PeersAwayException($"The edges' database does not answer: {(silent ? "its time is over." : problem.Message)}", problem);
        if (problem is not PostgresException refusal || RefusesAll(refusal)) _away = new Pause(_clock.GetUtcNow() + (silent ? s_rest.Long : s_rest.Short), away.Message);
        Say(away.Message);
        return away;
    }

    /// <summary>One question that the server itself refuses stops no other; but it may refuse whoever comes: the login, the database, for lack of room, or as it stops.</summary>
    private static bool RefusesAll(PostgresException refusal) =>
        refusal.SqlState != PostgresErrorCodes.QueryCanceled && refusal.SqlState[..2] is "08" or "28" or "3D" or "53" or "57";

    public static bool IsAway(Exception problem) => problem is NpgsqlException or SocketException or IOException or TimeoutException;

    private async Task PrepareAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await _preparing.WaitAsync(cancellation);
        try
        {
            if (_prepared) return;
            await Schema.PrepareAsync(connection, _seal, cancellation);
            _prepared = true;
        }
        catch (PeersAwayException e)
        {
            throw Away(e);
        }
        finally
        {
            _preparing.Release();
        }
    }

    private void Say(string what)
    {
        var (now, said) = (_clock.GetTimestamp(), Interlocked.Read(ref _saidAt));
        if (said != 0 && _clock.GetElapsedTime(said, now) < s_betweenWords) return;
        if (Interlocked.CompareExchange(ref _saidAt, now, said) != said) return;
        _said = 1;
        _log.LogError("This edge goes on by itself. {Reason}", what);
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        _preparing.Dispose();
    }
}
