namespace Boottify.Edge.Certificates;

/// <summary>Whose turn an order takes. An app without a team is a group by itself.</summary>
public sealed record Turn(string App, string? Team = null)
{
    /// <summary>The mark keeps an app's id from meeting a team's.</summary>
    internal string Group { get; } = Team is null ? $"app {App}" : $"team {Team}";
}

/// <summary>
/// Whose turn it is when more certificates are due than may be ordered at once: turns go round by team, and those of a team
/// by app, so that one that brings a thousand names, in however many apps, does not make the others wait. Not safe for use by
/// several at once.
/// </summary>
public sealed class FairTurns
{
    private readonly Round _groups = new();
    private readonly Round _apps = new();

    public int Running { get; private set; }

    /// <summary>
    /// Of the team with the fewest orders under way, then the one whose turn is longest ago; within it of the app with the
    /// fewest and longest ago, the one that is due longest.
    /// </summary>
    public T? Next<T>(IEnumerable<T> waiting, Func<T, Turn> whose, Func<T, DateTimeOffset> due) where T : class =>
        waiting.MinBy(one => (_groups.PlaceOf(whose(one).Group), _apps.PlaceOf(whose(one).App), due(one)));

    public void Begin(Turn turn)
    {
        _groups.Begin(turn.Group);
        _apps.Begin(turn.App);
        Running++;
    }

    public void End(Turn turn)
    {
        _groups.End(turn.Group);
        _apps.End(turn.App);
        if (--Running > 0) return;
        _groups.Forget(); // Nobody waits any more, or the next round starts anew.
        _apps.Forget();
    }

    private sealed class Round
    {
        private readonly Dictionary<string, int> _running = [];
        private readonly Dictionary<string, long> _last = [];
        private long _turns;

        public (int Running, long Last) PlaceOf(string name) => (_running.GetValueOrDefault(name), _last.GetValueOrDefault(name));

        public void Begin(string name)
        {
            _running[name] = _running.GetValueOrDefault(name) + 1;
            _last[name] = ++_turns;
        }

        public void End(string name)
        {
            if (--_running[name] == 0) _running.Remove(name);
        }

        public void Forget() => _last.Clear();
    }
}
