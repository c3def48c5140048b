namespace Boottify.Platform;

/// <summary>Lets so many at once go on; others wait in line.</summary>
public class Turns(int atOnce) : IDisposable
{
    private readonly SemaphoreSlim free = new(atOnce, atOnce);

    /// <summary>Waits for a turn, which ends when what it answers is disposed.</summary>
    public async Task<IDisposable> TakeAsync(CancellationToken cancellation)
    {
        await free.WaitAsync(cancellation);
        return new Turn(free);
    }

    public void Dispose()
    {
        free.Dispose();
        GC.SuppressFinalize(this);
    }

    private sealed class Turn(SemaphoreSlim free) : IDisposable
    {
        public void Dispose() => free.Release();
    }
}
