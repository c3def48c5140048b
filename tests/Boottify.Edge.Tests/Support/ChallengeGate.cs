using Microsoft.AspNetCore.Http;

namespace Boottify.Edge.Tests.Support;

/// <summary>
/// Holds back the first request to start a challenge: the order is under way, its answer is given, and Pebble has not begun to
/// verify. One whose client goes meanwhile never reaches Pebble; all further ones pass. For <see cref="FaultyProxy.Look"/>.
/// </summary>
/// <param name="holdsAll">Until it is opened, also those that a client sends again after its time is over.</param>
internal sealed class ChallengeGate(bool holdsAll = false)
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when there is a request to hold.</summary>
    public Task ReachedAsync() => _reached.Task.WaitAsync(TimeSpan.FromMinutes(3));

    public void Open() => _open.TrySetResult();

    public async Task HoldAsync(HttpContext context)
    {
        if (context.Request.Path.Value!.Contains("/chalZ/", StringComparison.Ordinal) && (_reached.TrySetResult() || holdsAll)) await _open.Task.WaitAsync(context.RequestAborted);
    }
}
