namespace Boottify.Edge.Tests.Support;

/// <summary>Looks until it is so, for longer than any machine needs.</summary>
internal static class Patience
{
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> what)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (!await condition())
        {
            if (deadline.IsCancellationRequested) throw new TimeoutException(what());
            await Task.Delay(200);
        }
    }
}
