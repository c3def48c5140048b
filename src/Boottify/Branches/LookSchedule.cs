namespace Boottify.Branches;

/// <summary>When a branch is looked at again. Chance keeps apps that were connected together from being looked at together.</summary>
/// <param name="Every">From <c>BOOTTIFY_HEADS_EVERY</c>, in seconds; zero for never.</param>
public sealed record LookSchedule(TimeSpan Every)
{
    public const int DefaultSeconds = 300;

    /// <summary>How long a delivery may be under way before it counts as lost.</summary>
    private static readonly TimeSpan LongestUnderWay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    public bool Off => Every <= TimeSpan.Zero;

    /// <exception cref="InvalidOperationException">The setting is no number of seconds.</exception>
    public static LookSchedule From(IConfiguration configuration)
    {
        var seconds = configuration.GetValue("BOOTTIFY_HEADS_EVERY", (double)DefaultSeconds);
        return seconds is >= 0 and <= 86_400
            ? new LookSchedule(TimeSpan.FromSeconds(seconds))
            : throw new InvalidOperationException($"BOOTTIFY_HEADS_EVERY is {seconds}: it is to hold seconds, up to a day, or 0 for never.");
    }

    /// <summary>After a look that found nothing to do: a tenth sooner or later.</summary>
    public TimeSpan Next(double chance) => Every * (0.9 + (0.2 * chance));

    /// <summary>After a look that found a commit which has not arrived, to see whether its delivery was only under way.</summary>
    public TimeSpan Soon(double chance) => (Every < LongestUnderWay ? Every : LongestUnderWay) * (1 + (0.2 * chance));

    /// <summary>After a look that failed: 1, 2, 4 … 60 minutes, and up to a fifth more.</summary>
    /// <param name="failures">In a row, this one included.</param>
    public static TimeSpan AfterFailure(int failures, double chance)
    {
        var minutes = Math.Min(LongestWait.TotalMinutes, Math.Pow(2, Math.Clamp(failures, 1, 10) - 1));
        return TimeSpan.FromMinutes(minutes) * (1 + (0.2 * chance));
    }
}
