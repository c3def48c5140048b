namespace Boottify.Deployments.Queue;

/// <summary>What a deployment takes of its node's room: as much as it needs at the time. Used by one caller at a time.</summary>
/// <param name="changed">Called when it takes less than before.</param>
public sealed class Room(BuildSlots slots, Action changed) : IDisposable
{
    private volatile bool rests;
    private bool builds;

    /// <summary>It only waits: for its next attempt, or for a slot.</summary>
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

    /// <summary>Whether what waits for a slot waits for the node's disks, rather than for others.</summary>
    public bool IsStopped => slots.Stopped;

    /// <summary>Takes a slot before it is known what for, so that nobody else takes it meanwhile.</summary>
    /// <returns>False where there is none: what is to build then has to wait for one when it gets there.</returns>
    public bool TryBeginBuilding() => builds = slots.TryTake();

    /// <summary>Waits until the node may build one more; one that has not left may still.</summary>
    public async Task TakeBuildAsync(CancellationToken cancellation)
    {
        if (builds)
            return;
        var turn = slots.TakeAsync(cancellation);
        if (!turn.IsCompleted)
            await RestAsync(turn);
        await turn;
        builds = true;
    }

    /// <summary>Lets the node start another build.</summary>
    public void LeaveBuild()
    {
        if (GiveBack())
            changed();
    }

    /// <summary>The same, where nobody has to be told.</summary>
    public bool GiveBack()
    {
        if (!builds)
            return false;
        builds = false;
        slots.Release();
        return true;
    }

    public void Dispose() => LeaveBuild();

    /// <summary>However many wait for a slot, the node goes on with what needs none.</summary>
    private async Task RestAsync(Task turn)
    {
        Rests = true;
        await turn.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Rests = false;
    }
}
