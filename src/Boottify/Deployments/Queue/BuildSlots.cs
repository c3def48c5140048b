namespace Boottify.Deployments.Queue;

/// <summary>How many deployments a node builds at once, and which.</summary>
public sealed class BuildSlots(int most)
{
    private readonly Lock gate = new();
    private readonly LinkedList<TaskCompletionSource> waiting = [];
    private int taken;

    /// <summary>Whether one more may begin: those that gave theirs up for a while come first.</summary>
    public bool HasRoom
    {
        get
        {
            lock (gate)
                return taken + waiting.Count < most;
        }
    }

    /// <summary>Also where there is no room.</summary>
    internal void Take()
    {
        lock (gate)
            taken++;
    }

    internal void Release()
    {
        lock (gate)
        {
            // Handed on, it stays taken.
            if (taken <= most && waiting.First is { } next)
            {
                waiting.RemoveFirst();
                next.Value.SetResult();
                return;
            }

            taken--;
        }
    }

    internal async Task TakeAsync(CancellationToken cancellation)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (taken < most)
            {
                taken++;
                return;
            }

            waiting.AddLast(turn);
        }

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

/// <summary>What a deployment takes of its node's room: as much as it needs at the time. Used by one caller at a time.</summary>
/// <param name="changed">Called when it takes less than before.</param>
public sealed class Room(BuildSlots slots, Action changed) : IDisposable
{
    private volatile bool rests;
    private bool builds;

    /// <summary>It only waits for its next attempt.</summary>
    public bool Rests
    {
        get => rests;
        set
        {
            rests = value;
            if (value)
                changed();
        }
    }

    /// <summary>It may build from the start, also where there is no slot for it: another node had begun.</summary>
    public void BeginBuilding()
    {
        slots.Take();
        builds = true;
    }

    /// <summary>Waits until the node may build one more; one that has not left may still.</summary>
    public async Task TakeBuildAsync(CancellationToken cancellation)
    {
        if (!builds)
            await slots.TakeAsync(cancellation);
        builds = true;
    }

    /// <summary>Lets the node start another build.</summary>
    public void LeaveBuild()
    {
        if (!builds)
            return;
        builds = false;
        slots.Release();
        changed();
    }

    public void Dispose() => LeaveBuild();
}
