namespace Boottify.Edge.Acme;

/// <summary>When a server asks to be asked again (RFC 9110, 10.2.3): a number of seconds or a date.</summary>
public static class RetryAfter
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(30);

    /// <returns>From now on, never negative; null when the answer says nothing or nothing readable.</returns>
    public static TimeSpan? Of(HttpResponseMessage answer, DateTimeOffset now)
    {
        var header = answer.Headers.RetryAfter;
        var wait = header?.Delta ?? (header?.Date is { } date ? date - now : null);
        if (wait is null) return null;
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait > s_longest ? s_longest : wait;
    }
}
