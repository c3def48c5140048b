namespace Boottify.Edge.Certificates;

/// <summary>
/// Whose turn it is when more certificates are due than may be ordered at once: turns go round by app, so that one that
/// brings a thousand names does not make the others wait. Not safe for use by several at once.
/// </summary>
public sealed class FairTurns
{
    private readonly Dictionary<string, int> _running = [];
    private readonly Dictionary<string, long> _last = [];
    private long _turns;

    public int Running { get; private set; }

    /// <summary>Of the app with the fewest orders under way, then the one whose turn is longest ago, the one that is due longest.</summary>
    public T? Next<T>(IEnumerable<T> waiting, Func<T, string> app, Func<T, DateTimeOffset> due) where T : class =>
        waiting.MinBy(one => (_running.GetValueOrDefault(app(one)), _last.GetValueOrDefault(app(one)), due(one)));

    public void Begin(string app)
    {
        _running[app] = _running.GetValueOrDefault(app) + 1;
        _last[app] = ++_turns;
        Running++;
    }

    public void End(string app)
    {
        Running--;
        if (--_running[app] == 0) _running.Remove(app);
        if (Running == 0) _last.Clear(); // Nobody waits any more, or the next round starts anew.
    }
}
