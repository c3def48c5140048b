namespace Boottify.Edge.Nginx;

/// <summary>
/// When to try by oneself again what failed for a cause that may pass: after some 2 s, then twice as long each time up to a minute, give
/// or take a half. Not after anything else.
/// </summary>
public sealed class RetryPause(TimeProvider clock)
{
    private static readonly TimeSpan s_first = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);

    private TimeSpan _mean;
    private (long Since, TimeSpan Length)? _pause;

    public bool IsOver => _pause is { } pause && clock.GetElapsedTime(pause.Since) >= pause.Length;

    /// <summary>It failed once more, and the same may be taken later.</summary>
    public void Failed()
    {
        _mean = _pause is null ? s_first : _mean * 2 < s_longest ? _mean * 2 : s_longest;
        _pause = (clock.GetTimestamp(), _mean * (0.5 + Random.Shared.NextDouble()));
    }

    public void Forget() => _pause = null;
}
