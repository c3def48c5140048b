namespace Boottify.Domains;

/// <summary>When a domain is looked at again. Chance keeps those that were added together from being looked at together.</summary>
public static class DomainSchedule
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan LongestWaitForCertificate = TimeSpan.FromMinutes(1);

    /// <summary>While its owner has something to do: 2, 3, 4.5 s … half an hour, and up to a fifth more; somebody who sets a record sees it taken at once.</summary>
    /// <param name="looks">In a row that found the same, this one included.</param>
    public static TimeSpan Waiting(int looks, double chance) => Backoff(looks, chance, LongestWait);

    /// <summary>While the edge has something to do.</summary>
    public static TimeSpan Issuing(int looks, double chance) => Backoff(looks, chance, LongestWaitForCertificate);

    /// <summary>One that serves: a tenth sooner or later.</summary>
    public static TimeSpan Serving(TimeSpan every, double chance) => every * (0.9 + (0.2 * chance));

    private static TimeSpan Backoff(int looks, double chance, TimeSpan longest)
    {
        var wait = First * Math.Pow(1.5, Math.Clamp(looks, 1, 40) - 1);
        return (wait < longest ? wait : longest) * (1 + (0.2 * chance));
    }
}
