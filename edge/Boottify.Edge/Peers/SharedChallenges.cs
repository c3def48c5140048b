using Boottify.Edge.Routes;
using Npgsql;

namespace Boottify.Edge.Peers;

/// <summary>
/// The HTTP-01 answers of all edges: the certificate authority may come to another one than the one that orders. Only open
/// ones lie there, a few for each edge, so whoever looks reads them all: what a stranger sends is compared here and reaches no
/// SQL, and however many strangers ask, one question at a time goes to the database.
/// </summary>
public sealed class SharedChallenges(SharedDatabase database, Seal seal, TimeProvider clock) : IDisposable
{
    private const int MostWaiting = 512;
    private const int LongestToken = 128;

    /// <summary>Longer than an order may take.</summary>
    private static readonly TimeSpan s_life = TimeSpan.FromMinutes(10);

    /// <summary>Less than nginx, and the authority, wait for.</summary>
    private static readonly TimeSpan s_lookTime = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan s_removal = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromMilliseconds(50);
    private readonly SemaphoreSlim _looking = new(1, 1);
    private volatile Dictionary<(string, string), byte[]> _seen = [];
    private long _lookedAt;
    private int _waiting;

    /// <summary>From its return on, all edges answer, until the returned object is disposed. Null when the database is away: then this edge does alone.</summary>
    public async Task<IAsyncDisposable?> GiveAsync(HostName host, string token, string keyAuthorization, CancellationToken cancellation)
    {
        try
        {
            await database.TellAsync("""
                insert into boottify_edge.challenges (host, token, sealed, expires_at) values ($1, $2, $3, now() + $4)
                on conflict (host, token) do update set sealed = excluded.sealed, expires_at = excluded.expires_at
                """, [host.ToString(), token, seal.Close(keyAuthorization, PlaceOf(host.ToString(), token)), s_life], cancellation);
            return new Given(database, host.ToString(), token);
        }
        catch (PeersAwayException)
        {
            return null;
        }
    }

    /// <summary>The key authorization that some edge gave for exactly this host and token; null if none did, or it cannot be known in time.</summary>
    public async Task<string?> FindAsync(string host, string token, CancellationToken cancellation)
    {
        host = host.ToLowerInvariant();
        if (!IsToken(token) || !HostName.TryParse(host, out _, out _)) return null;
        var came = clock.GetTimestamp();
        using var deadline = new CancellationTokenSource(s_lookTime, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            // Beyond that, what the look before has read must do: strangers in thousands leave the authority its answer.
            if (Interlocked.Increment(ref _waiting) <= MostWaiting) await LookAsync(came, either.Token);
            return _seen.TryGetValue((host, token), out var found) ? seal.Open(found, PlaceOf(host, token)) : null;
        }
        catch (Exception e) when (e is PeersAwayException or System.Security.Cryptography.CryptographicException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Base64url, as RFC 8555, 8.3 has it.</summary>
    private static bool IsToken(string token) => token.Length is > 0 and <= LongestToken && token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    /// <summary>Reads what is open, unless somebody has begun to since the caller came.</summary>
    private async Task LookAsync(long came, CancellationToken cancellation)
    {
        await _looking.WaitAsync(cancellation);
        try
        {
            if (_lookedAt >= came && _lookedAt != 0) return;
            var pause = s_betweenLooks - clock.GetElapsedTime(_lookedAt);
            if (_lookedAt != 0 && pause > TimeSpan.Zero) await Task.Delay(pause, clock, cancellation);
            var begun = clock.GetTimestamp();
            try
            {
                // For all who wait: it ends neither with the one who began it, nor is it begun again at once after it failed.
                _seen = await database.AskAsync(ReadAsync, CancellationToken.None, s_lookTime);
            }
            finally
            {
                _lookedAt = begun;
            }
        }
        finally
        {
            _looking.Release();
        }
    }

    private static async Task<Dictionary<(string, string), byte[]>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = connection.Ask("select host, token, sealed from boottify_edge.challenges where expires_at > now() limit 10000");
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var open = new Dictionary<(string, string), byte[]>();
        while (await rows.ReadAsync(cancellation)) open[(rows.GetString(0), rows.GetString(1))] = rows.GetFieldValue<byte[]>(2);
        return open;
    }

    private static string PlaceOf(string host, string token) => $"challenges/{host}/{token}";

    public void Dispose() => _looking.Dispose();

    private sealed class Given(SharedDatabase database, string host, string token) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await database.TellAsync("delete from boottify_edge.challenges where host = $1 and token = $2", [host, token], CancellationToken.None, s_removal);
            }
            catch (PeersAwayException)
            {
                // It runs out by itself, and an answer that nobody asks for does no harm.
            }
        }
    }
}
