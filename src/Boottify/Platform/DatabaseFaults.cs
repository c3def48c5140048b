using Marten.Exceptions;
using Npgsql;

namespace Boottify.Platform;

/// <summary>What PostgreSQL's absence looks like from here, as while it restarts.</summary>
public static class DatabaseFaults
{
    private const int MostTries = 50;

    /// <summary>It did not answer, or refused because it stops or starts; the same command may do at its next try.</summary>
    public static bool IsAway(Exception e) => e switch
    {
        MartenCommandException { InnerException: { } inner } => IsAway(inner),
        PostgresException refused => refused.IsTransient || refused.SqlState.StartsWith("57P", StringComparison.Ordinal),
        NpgsqlException or TimeoutException => true,
        _ => false,
    };

    /// <summary>
    /// Does it again while the database is away, for as long as <paramref name="cancellation"/> and about half a minute allow. It
    /// may have been done though no answer came: whoever writes has to look first.
    /// </summary>
    public static async Task<T> OutlastAsync<T>(Func<Task<T>> action, TimeProvider time, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await action();
            }
            catch (Exception e) when (tries < MostTries && IsAway(e) && !cancellation.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(700, 50 * tries) + Random.Shared.Next(50)), time, cancellation);
            }
        }
    }
}
