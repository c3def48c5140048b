namespace Boottify.Deployments.Queue;

/// <summary>How many deployments a node builds at once, and which. What waits here has its turn in the order in which it came, and before anything new.</summary>
/// <param name="stopped">Whether the node starts no build at this moment. What has begun goes on.</param>
public sealed class BuildSlots(int most, Func<bool> stopped)
{
    private readonly Lock gate = new();
    private readonly LinkedList<TaskCompletionSource> waiting = [];
    private int taken;

    /// <summary>Whether one more may begin: those that wait for a slot come first.</summary>
    public bool HasRoom
    {
        get
        {
            lock (gate)
                return taken + waiting.Count < most;
        }
    }

    internal bool Stopped => stopped();

    /// <summary>Gives free slots to those that wait. To be called from time to time: nobody says when builds are no longer stopped.</summary>
    public void Offer()
    {
        lock (gate)
        {
            while (taken < most && waiting.First is { } next && !stopped())
            {
                waiting.RemoveFirst();
                taken++;
                next.Value.SetResult();
            }
        }
    }

    /// <returns>False where there is no room.</returns>
    internal bool TryTake()
    {
        lock (gate)
        {
            if (!HasRoom || stopped())
                return false;
            taken++;
            return true;
        }
    }

    internal void Release()
    {
        lock (gate)
            taken--;
        Offer();
    }

    internal async Task TakeAsync(CancellationToken cancellation)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
            waiting.AddLast(turn);
        Offer();
        try
        {
            await turn.Task.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            bool had;
            lock (gate)
                had = !waiting.Remove(turn);
            if (had)
                Release();
            throw;
        }
    }
}
