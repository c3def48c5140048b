using System.Diagnostics;

namespace Boottify.Benchmarks.Edge;

/// <summary>Waiting for what a program does by itself, with an end.</summary>
internal static class Until
{
    /// <returns>How long it took from the call on.</returns>
    /// <exception cref="TimeoutException">It was not so within that time.</exception>
    public static async Task<TimeSpan> Async(Func<CancellationToken, Task<bool>> condition, string what, int seconds = 120, int everyMilliseconds = 5)
    {
        var since = Stopwatch.GetTimestamp();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!await condition(deadline.Token))
        {
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"Within {seconds} s, {what}: it did not come to that.");
            await Task.Delay(everyMilliseconds);
        }

        return Stopwatch.GetElapsedTime(since);
    }
}
