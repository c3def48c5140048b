using Boottify.Deployments;

namespace Boottify.Routes;

/// <summary>What one edge made of a request.</summary>
/// <param name="Problem">Null when it was done.</param>
/// <param name="IsAway">It gave no answer at all, so it may or may not have been done.</param>
internal sealed record EdgeOutcome<T>(EdgeMember Edge, T? Value, Exception? Problem = null, bool IsAway = false);

/// <summary>One of several edges, and whether it answered the last time. The memory is this node's alone and only saves waiting.</summary>
internal sealed class EdgeMember(Uri address, Func<EdgeClient> client, ILogger log)
{
    /// <summary>For one that was away, to say that it is back.</summary>
    private static readonly TimeSpan PatienceWithHealth = TimeSpan.FromSeconds(5);

    private volatile bool isAway;
    private int absences;

    public Uri Address => address;

    /// <summary>How often it went away: whoever finds another number than before knows that it may have missed something.</summary>
    public int Absences => Volatile.Read(ref absences);

    public bool IsAway => isAway;

    /// <summary>Asks, and never throws but when the caller goes.</summary>
    /// <param name="insists">Asks with all patience although it was away; else its health is asked first.</param>
    public async Task<EdgeOutcome<T>> AskAsync<T>(Func<IEdge, Task<T>> ask, bool insists, CancellationToken cancellation)
    {
        try
        {
            if (isAway && !insists && !await AnswersAsync(cancellation))
                return new EdgeOutcome<T>(this, default, new HttpRequestException($"The edge at {address} does not answer."), IsAway: true);
            var value = await ask(client());
            Note(away: false, problem: null);
            return new EdgeOutcome<T>(this, value);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            var away = !HasAnswered(e);
            Note(away, e);
            return new EdgeOutcome<T>(this, default, e, away);
        }
    }

    /// <summary>Whether its interface answers within seconds; remembered.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(PatienceWithHealth);
        try
        {
            await client().RequireHealthAsync(patience.Token);
            Note(away: false, problem: null);
            return true;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            var away = !HasAnswered(e);
            Note(away, e);
            return !away;
        }
    }

    /// <summary>An answer that refuses is one: such an edge is there, and what it refuses is not done without it.</summary>
    private static bool HasAnswered(Exception e) => e is StaleRouteException or TakenHostException or StepException or HttpRequestException { StatusCode: not null };

    private void Note(bool away, Exception? problem)
    {
        if (away)
            Interlocked.Increment(ref absences);
        if (away && !isAway)
            log.LogWarning("The edge at {Edge} does not answer, and is told again what it misses once it does: {Reason}", address, problem?.Message);
        else if (!away && isAway)
            log.LogInformation("The edge at {Edge} answers again", address);
        isAway = away;
    }
}
