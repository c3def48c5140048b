namespace Boottify.Testing;

/// <summary>Looks until it is so, for longer than any machine needs: a limit that a busy one breaks would say nothing of what is tested.</summary>
internal static class Patience
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(12);

    /// <param name="condition">Looks once.</param>
    /// <param name="what">Words for the failure; asked when it comes, so that they may tell what was seen last.</param>
    /// <exception cref="TimeoutException">It did not come true within twelve minutes.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string>? what = null) =>
        await UntilAsync(condition, so => so, _ => what?.Invoke() ?? "It did not come true");

    /// <returns>What was seen, once <paramref name="isThere"/> takes it.</returns>
    /// <exception cref="TimeoutException">It did not come within twelve minutes; tells what was seen last.</exception>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> look, Func<T, bool> isThere) => await UntilAsync(look, isThere, seen => $"Last seen: {seen}");

    private static async Task<T> UntilAsync<T>(Func<Task<T>> look, Func<T, bool> isThere, Func<T, string> failure)
    {
        var deadline = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        while (true)
        {
            var seen = await look();
            if (isThere(seen)) return seen;
            if (Environment.TickCount64 > deadline) throw new TimeoutException($"{failure(seen)}, for {Limit.TotalMinutes} minutes.");
            await Task.Delay(150);
        }
    }
}
