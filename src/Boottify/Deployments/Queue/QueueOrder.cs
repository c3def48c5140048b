namespace Boottify.Deployments.Queue;

/// <summary>A deployment that waits or runs.</summary>
/// <param name="Builds">It needs one of the nodes' build slots; a return to a release needs none.</param>
public sealed record QueuedWork(string DeploymentId, string AppId, string TeamId, bool Builds, DateTimeOffset QueuedAt, bool Running, string? Node);

/// <summary>Where a waiting deployment stands.</summary>
/// <param name="Number">1 for the next to start.</param>
/// <param name="OfOthers">How many of other teams start before it.</param>
/// <param name="WaitingFor">What has to happen before it starts.</param>
public sealed record QueuePlace(long Number, long OfOthers, string WaitingFor);

/// <summary>
/// In which order the waiting deployments start if none that runs ends: what <see cref="WorkQueue.ClaimAsync"/> would take, one
/// after the other. Each start counts for its team, so teams take turns however many each has waiting.
/// </summary>
public static class QueueOrder
{
    public static IReadOnlyDictionary<string, QueuePlace?> Of(IReadOnlyList<QueuedWork> work)
    {
        var running = work.Where(w => w.Running).ToList();
        var runningOf = running.CountBy(w => w.TeamId, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        var busy = running.ToDictionary(w => w.AppId, w => w.DeploymentId, StringComparer.Ordinal);

        // A team's n-th one starts when as many of it run as do now and n - 1 more.
        var free = work.Where(w => !w.Running && !busy.ContainsKey(w.AppId))
            .GroupBy(w => w.TeamId, StringComparer.Ordinal)
            .SelectMany(team => team.OrderBy(w => w.QueuedAt).Select((w, n) => (Work: w, Turn: runningOf.GetValueOrDefault(team.Key) + n)))
            .OrderBy(w => w.Turn).ThenBy(w => w.Work.QueuedAt)
            .ToList();

        var places = new Dictionary<string, QueuePlace?>(StringComparer.Ordinal);
        foreach (var (own, turn) in free)
            places[own.DeploymentId] = Place(own, turn, own.Builds ? "a free build slot" : "a free slot");
        foreach (var own in work.Where(w => !w.Running && busy.ContainsKey(w.AppId)))
        {
            // Once the one before it is over, one less of its team runs; then it is among the oldest.
            var turn = runningOf.GetValueOrDefault(own.TeamId) - 1 + free.Count(w => w.Work.TeamId == own.TeamId && w.Work.QueuedAt < own.QueuedAt);
            places[own.DeploymentId] = Place(own, turn, $"another deployment of this app ({busy[own.AppId]}) to end");
        }

        return places;

        QueuePlace Place(QueuedWork own, int turn, string waitingFor)
        {
            // Where no build slot is free, what needs none goes past what waits for one.
            var before = free.Where(w => w.Work != own && (w.Turn, w.Work.QueuedAt).CompareTo((turn, own.QueuedAt)) < 0 && (own.Builds || !w.Work.Builds)).ToList();
            return new QueuePlace(before.Count + 1, before.Count(w => w.Work.TeamId != own.TeamId), waitingFor);
        }
    }
}
