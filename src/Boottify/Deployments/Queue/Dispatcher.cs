using System.Collections.Concurrent;
using Boottify.Housekeeping;
using Boottify.Platform;

namespace Boottify.Deployments.Queue;

/// <summary>
/// One per node: takes deployments from the queue while there is room, runs each, and keeps their leases alive. When the
/// node stops, it hands over what it has not finished.
/// </summary>
public sealed class Dispatcher(
    WorkQueue queue, DeploymentRunner runner, Wakeups wakeups, PlatformSettings settings, DiskWatch disks, Node node, IHostApplicationLifetime host,
    TimeProvider time, ILogger<Dispatcher> log)
    : BackgroundService
{
    /// <summary>Deployments at once on a node, those that only wait for a rollout included.</summary>
    private const int MostRunning = 32;

    /// <summary>The same with those that wait for a component to come back, which cost next to nothing.</summary>
    private const int MostHeld = 256;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(2);

    /// <summary>Longer than a heartbeat, so that a database whose commits are slow keeps leases; short enough for another try within a lease.</summary>
    private static readonly TimeSpan PatienceForRenewal = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, Running> running = new(StringComparer.Ordinal);
    private readonly BuildSlots builds = new(settings.BuildsPerNode, () => disks.BuildsStopped is not null);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host stops its services one after the other; the hand-over is not to wait for requests that are still answered.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, host.ApplicationStopping);
        var stopping = either.Token;
        var heartbeat = RenewLeasesAsync(stopping);
        using var wakeup = wakeups.Subscribe(Wakeups.Queue);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                builds.Offer();
                while (await ClaimOneAsync(wakeup, stopping))
                {
                }

                // Leases run out without a word, so look from time to time.
                await wakeup.WaitAsync(TimeSpan.FromSeconds(1), stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                // Whatever it was: a node that stopped looking would seem alive, and run nothing.
                log.LogWarning("The queue cannot be read, trying again: {Reason}", e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(500 + Random.Shared.Next(500)), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(running.Values.Select(r => r.Done)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await heartbeat.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<bool> ClaimOneAsync(Wakeups.Subscription wakeup, CancellationToken stopping)
    {
        if (running.Count >= MostHeld || running.Values.Count(r => !r.Room.Rests) >= MostRunning)
            return false;
        var room = new Room(builds, wakeup.Signal);
        var mayBuild = room.TryBeginBuilding();
        var asked = time.GetTimestamp();
        Claim? claim = null;
        try
        {
            claim = await queue.ClaimAsync(node.Name, mayBuild, stopping, running.Keys);
        }
        finally
        {
            if (claim is not { Builds: true })
                room.GiveBack();
        }

        if (claim is null)
            return false;
        // An abandoned one comes here whether there is a slot for it or not: it may be past its build, or have to be put back. If it
        // has to build, it waits for its slot when it gets there.
        var slot = new Running(room, time, stopping);
        slot.HoldFor(WorkQueue.Lease - time.GetElapsedTime(asked));
        running[claim.DeploymentId] = slot;
        slot.Done = RunAsync(claim, slot, wakeup, stopping);
        return true;
    }

    private async Task RunAsync(Claim claim, Running slot, Wakeups.Subscription wakeup, CancellationToken stopping)
    {
        await Task.Yield();
        try
        {
            await runner.RunAsync(claim, slot.Room, slot.Lost);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            // The lease ends by itself, and the next to claim it goes on from what is stored.
            log.LogWarning("Deployment {Deployment} stopped on this node: {Reason}", claim.DeploymentId, e.Message);
        }
        catch (Exception)
        {
            await HandOverAsync(claim.DeploymentId);
        }
        finally
        {
            running.TryRemove(claim.DeploymentId, out _);
            slot.Dispose();
            wakeup.Signal();
        }
    }

    private async Task HandOverAsync(string deploymentId)
    {
        try
        {
            using var limit = new CancellationTokenSource(PatienceForRenewal, time);
            await queue.ReleaseAsync(deploymentId, node.Name, limit.Token);
            log.LogInformation("Deployment {Deployment} handed over: this node stops", deploymentId);
        }
        catch (Exception e)
        {
            log.LogWarning("Deployment {Deployment} could not be handed over, another node goes on when its lease has run out: {Reason}", deploymentId, e.Message);
        }
    }

    /// <summary>
    /// A slot's work is cancelled when its lease has run out, by this node's own monotonic clock and counted from before the
    /// database was asked: so it stops in time though the database is away, and at once when a paused process goes on.
    /// </summary>
    private async Task RenewLeasesAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Heartbeat, time);
        // Goes on while the last deployments stop, so that none is taken over before it has been handed over.
        while (await timer.WaitForNextTickAsync(CancellationToken.None) && !(stopping.IsCancellationRequested && running.IsEmpty))
        {
            var slots = running.ToArray();
            if (slots.Length == 0)
                continue;
            try
            {
                var asked = time.GetTimestamp();
                using var limit = new CancellationTokenSource(PatienceForRenewal, time);
                var held = await queue.RenewAsync(node.Name, slots.Select(slot => slot.Key), limit.Token);
                foreach (var (deployment, slot) in slots)
                    slot.HoldFor(held.Contains(deployment) ? WorkQueue.Lease - time.GetElapsedTime(asked) : TimeSpan.Zero);
            }
            catch (Exception e)
            {
                log.LogWarning("Leases could not be renewed: {Reason}", e.Message);
            }
        }
    }

    private sealed class Running : IDisposable
    {
        private readonly CancellationTokenSource lost;
        private readonly ITimer lease;

        public Running(Room room, TimeProvider time, CancellationToken stopping)
        {
            (Room, lost) = (room, CancellationTokenSource.CreateLinkedTokenSource(stopping));
            lease = time.CreateTimer(_ => Stop(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public Room Room { get; }

        public CancellationToken Lost => lost.Token;

        public Task Done { get; set; } = Task.CompletedTask;

        /// <summary>Cancels the work after that time, unless called again before.</summary>
        public void HoldFor(TimeSpan left) => lease.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);

        public void Dispose()
        {
            Room.Dispose();
            lease.Dispose();
            lost.Dispose();
        }

        private void Stop()
        {
            try
            {
                lost.Cancel();
            }
            catch (Exception e) when (e is ObjectDisposedException or AggregateException)
            {
                // It has ended in this moment, or is ending with a fault of its own.
            }
        }
    }
}

/// <summary>This process, by a name that no other one ever has.</summary>
public sealed record Node(string Name)
{
    public static Node New() => new($"{Environment.MachineName.ToLowerInvariant()}-{Environment.ProcessId}-{Apps.AppIds.New()}");
}
