using System.Collections.Concurrent;
using Boottify.Platform;
using Npgsql;

namespace Boottify.Deployments.Queue;

/// <summary>
/// One per node: takes deployments from the queue while there is room, runs each, and keeps their leases alive. When the
/// node stops, it hands over what it has not finished.
/// </summary>
public sealed class Dispatcher(
    WorkQueue queue, DeploymentRunner runner, Wakeups wakeups, PlatformSettings settings, Node node, TimeProvider time, ILogger<Dispatcher> log)
    : BackgroundService
{
    /// <summary>Deployments at once on a node, those that only wait for a rollout included.</summary>
    private const int MostRunning = 32;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Running> running = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var heartbeat = RenewLeasesAsync(stoppingToken);
        using var wakeup = wakeups.Subscribe(Wakeups.Queue);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await ClaimOneAsync(wakeup, stoppingToken))
                {
                }

                // Leases run out without a word, so look from time to time.
                await wakeup.WaitAsync(TimeSpan.FromSeconds(1), stoppingToken);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                log.LogWarning("The queue cannot be read, trying again: {Reason}", e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(500 + Random.Shared.Next(500)), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
        }

        await Task.WhenAll(running.Values.Select(r => r.Done)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await heartbeat.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<bool> ClaimOneAsync(Wakeups.Subscription wakeup, CancellationToken stopping)
    {
        if (running.Count >= MostRunning)
            return false;
        var mayBuild = running.Values.Count(r => r.Builds) < settings.BuildsPerNode;
        if (await queue.ClaimAsync(node.Name, mayBuild, stopping) is not { } claim)
            return false;
        // Its lease ran out unnoticed, and it is still being worked on here: that run goes on, on a fresh lease.
        if (running.ContainsKey(claim.DeploymentId))
            return true;

        var slot = new Running(claim.Builds, CancellationTokenSource.CreateLinkedTokenSource(stopping));
        running[claim.DeploymentId] = slot;
        slot.Done = RunAsync(claim, slot, wakeup, stopping);
        return true;
    }

    private async Task RunAsync(Claim claim, Running slot, Wakeups.Subscription wakeup, CancellationToken stopping)
    {
        await Task.Yield();
        try
        {
            await runner.RunAsync(claim, () => { slot.Builds = false; wakeup.Signal(); }, slot.Lost.Token);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            // The lease ends by itself, and the next to claim it goes on from what is stored.
            log.LogWarning("Deployment {Deployment} stopped on this node: {Reason}", claim.DeploymentId, e.Message);
        }
        catch (Exception)
        {
            await queue.ReleaseAsync(claim.DeploymentId, node.Name, CancellationToken.None);
            log.LogInformation("Deployment {Deployment} handed over: this node stops", claim.DeploymentId);
        }
        finally
        {
            running.TryRemove(claim.DeploymentId, out _);
            slot.Lost.Dispose();
            wakeup.Signal();
        }
    }

    private async Task RenewLeasesAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Heartbeat, time);
        var renewed = time.GetTimestamp();
        // Goes on while the last deployments stop, so that none is taken over before it has been handed over.
        while (await timer.WaitForNextTickAsync(CancellationToken.None) && !(stopping.IsCancellationRequested && running.IsEmpty))
        {
            var slots = running.ToArray();
            IReadOnlySet<string>? held = null;
            try
            {
                using var limit = new CancellationTokenSource(Heartbeat, time);
                held = await queue.RenewAsync(node.Name, slots.Select(slot => slot.Key), limit.Token);
                renewed = time.GetTimestamp();
            }
            catch (Exception e)
            {
                log.LogWarning("Leases could not be renewed: {Reason}", e.Message);
            }

            // A node that cannot reach the database has to take it that others have taken over by now.
            if (held is null && time.GetElapsedTime(renewed) < WorkQueue.Lease)
                continue;
            foreach (var (_, slot) in slots.Where(slot => held?.Contains(slot.Key) != true))
                await slot.StopAsync();
        }
    }

    private sealed class Running(bool builds, CancellationTokenSource lost)
    {
        public bool Builds { get; set; } = builds;

        public CancellationTokenSource Lost { get; } = lost;

        public Task Done { get; set; } = Task.CompletedTask;

        public async Task StopAsync()
        {
            try
            {
                await Lost.CancelAsync();
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
