namespace Boottify.Edge;

/// <summary>Wakes everybody who waits, each time something has changed. Take <see cref="Next"/> before looking, then wait on it: no change is missed.</summary>
public sealed class Pulse
{
    private TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Next => Volatile.Read(ref _source).Task;

    public void Send() => Interlocked.Exchange(ref _source, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}
