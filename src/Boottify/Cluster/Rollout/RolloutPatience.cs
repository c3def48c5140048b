namespace Boottify.Cluster.Rollout;

/// <summary>
/// How long a rollout is waited for: so long for each further pod, since pods of many replicas come one batch after the other, but
/// in all for no longer than the step that watches has.
/// </summary>
/// <param name="forNextPod">From the start, or from the pod that got ready last, to the next.</param>
internal sealed class RolloutPatience(TimeSpan forNextPod, DateTimeOffset start)
{
    /// <summary>A step that watches has five minutes, and what it ran into is to be told by then.</summary>
    private static readonly TimeSpan InAll = TimeSpan.FromMinutes(4.5);

    private readonly DateTimeOffset last = start + (forNextPod > InAll ? forNextPod : InAll);
    private int most;

    public DateTimeOffset End { get; private set; } = start + forNextPod;

    /// <summary>Takes in how many pods of the new release are ready; one that was ready before brings no more time.</summary>
    public void Saw(int ready, DateTimeOffset now)
    {
        if (ready <= most)
            return;
        most = ready;
        var next = now + forNextPod;
        End = next < last ? next : last;
    }
}
