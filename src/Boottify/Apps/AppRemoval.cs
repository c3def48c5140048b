namespace Boottify.Apps;

/// <summary>
/// That an app is to be removed, and when to look at it again. Stored with the wish and gone with the last trace, so a killed
/// node costs a look, never the removal. What was found stands in the app's stream.
/// </summary>
public sealed record AppRemoval
{
    private const int LongestPauseSeconds = 30;

    /// <summary>The app's id.</summary>
    public required string Id { get; init; }

    /// <summary>Looks in a row that found something left.</summary>
    public int Looks { get; init; }

    public DateTimeOffset? LookedAt { get; init; }

    public DateTimeOffset NextAt { get; init; }

    /// <summary>How long to wait after a look that found something left: 2, 4, 8 … 30 s, and up to half as much again by chance.</summary>
    public static TimeSpan Backoff(int looks, double chance) =>
        TimeSpan.FromSeconds(Math.Min(LongestPauseSeconds, Math.Pow(2, Math.Clamp(looks, 1, 10))) * (1 + (chance / 2)));
}
