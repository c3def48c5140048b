using Boottify.Contracts.Edge;
using Boottify.Edge.Acme;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>
/// Sees to it that each host that is served has a certificate: orders for new ones at once and side by side, renews in
/// time, waits after failures (on disk, so that a restart does not eat the CA's limits), and removes what is withdrawn.
/// </summary>
/// <remarks>All state is on disk or at the CA: a crash costs the orders under way a resumption, nothing else.</remarks>
public sealed class CertificateKeeper(CertificateIssuer issuer, CertificateStore store, PendingOrders pending, EdgeSettings settings, TimeProvider clock, ILogger<CertificateKeeper> log)
    : BackgroundService
{
    /// <summary>How often it looks whether somebody else has changed or broken a file.</summary>
    private static readonly TimeSpan s_patrol = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<HostName, KeptHost> _hosts = [];
    private readonly Pulse _work = new();
    private readonly Pulse _changed = new();
    private int _working;

    /// <summary>Ends at the next change of any host's status.</summary>
    public Task Changed => _changed.Next;

    public long Issued { get; private set; }
    public long Failed { get; private set; }

    public HostStatus StatusOf(HostName host)
    {
        lock (_lock) return _hosts.GetValueOrDefault(host)?.StatusAt(clock.GetUtcNow()) ?? new HostStatus(host.ToString(), CertificateState.Pending);
    }

    public IReadOnlyList<HostStatus> All()
    {
        lock (_lock) return [.. _hosts.Values.Select(host => host.StatusAt(clock.GetUtcNow()))];
    }

    /// <summary>The certificates that are served, by host.</summary>
    public IReadOnlyList<(HostName Host, PublishedCertificate Certificate)> Certificates()
    {
        lock (_lock) return [.. _hosts.Values.Where(host => host is { Working: false, Certificate: not null }).Select(host => (host.Host, host.Certificate!))];
    }

    /// <summary>Renews the host's certificate with that serial at that time instead of by our own rule.</summary>
    public void Suggest(HostName host, string serial, DateTimeOffset at)
    {
        lock (_lock)
        {
            if (_hosts.GetValueOrDefault(host) is not { } kept) return;
            kept.Suggestion = (serial, at);
        }

        _work.Send();
    }

    /// <summary>From now on exactly these routes' hosts have certificates. Callers follow one after the other.</summary>
    public void Follow(IReadOnlyList<CheckedRoute> routes)
    {
        var wanted = routes.SelectMany(route => route.Hosts).Select(host => host.Name).ToHashSet();
        List<HostName> added;
        lock (_lock) added = [.. wanted.Where(host => !_hosts.ContainsKey(host))];
        var known = added.ConvertAll(host => new KeptHost(host) { Stamp = store.StampOf(host), Certificate = store.Find(host), Trouble = store.TroubleOf(host) });
        lock (_lock)
        {
            foreach (var gone in _hosts.Values.Where(kept => !wanted.Contains(kept.Host)).ToList())
            {
                _hosts.Remove(gone.Host);
                gone.Withdraw();
                if (!gone.Working) Remove(gone);
            }

            foreach (var kept in known) _hosts[kept.Host] = kept;
        }

        _work.Send();
        _changed.Send();
    }

    /// <summary>Removes what a crash in the middle of a withdrawal has left. Called once, after the first <see cref="Follow"/>.</summary>
    public void RemoveLeftovers()
    {
        lock (_lock)
            foreach (var host in store.Stored().Where(host => !_hosts.ContainsKey(host)).ToList()) store.Remove(host);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = new HashSet<Task>();
        var looked = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            var woken = _work.Next;
            var sleep = s_patrol;
            if (clock.GetElapsedTime(looked) >= s_patrol)
            {
                Patrol();
                looked = clock.GetTimestamp();
            }

            lock (_lock)
            {
                var now = clock.GetUtcNow();
                foreach (var host in _hosts.Values.Where(host => !host.Working).OrderBy(host => host.DueAt))
                {
                    if (_working >= settings.ParallelOrders) break;
                    if (host.DueAt > now)
                    {
                        sleep = host.DueAt - now < sleep ? host.DueAt - now : sleep;
                        break;
                    }

                    host.Working = true;
                    _working++;
                    running.Add(Task.Run(() => WorkAsync(host, stoppingToken), CancellationToken.None));
                }
            }

            running.RemoveWhere(task => task.IsCompleted);
            _changed.Send();
            using var awake = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            var time = Task.Delay(sleep, clock, awake.Token);
            await Task.WhenAny(woken, time);
            await awake.CancelAsync();
        }

        await Task.WhenAll(running);
    }

    /// <summary>A file that was changed, broken or lost behind our back is read again; one that cannot be used any more is replaced by a new order.</summary>
    private void Patrol()
    {
        List<KeptHost> resting;
        lock (_lock) resting = [.. _hosts.Values.Where(host => host is { Working: false, Certificate: not null })];
        foreach (var host in resting)
        {
            var stamp = store.StampOf(host.Host);
            if (stamp == host.Stamp) continue;
            var certificate = store.Find(host.Host);
            lock (_lock)
            {
                if (host.Working) continue;
                (host.Stamp, host.Certificate) = (stamp, certificate);
            }
        }
    }

    /// <summary>One attempt; its outcome, whatever it is, is written in one place.</summary>
    private async Task WorkAsync(KeptHost kept, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, kept.Withdrawn);
        var certificate = kept.Certificate;
        var trouble = kept.Trouble;
        try
        {
            certificate = await issuer.RunAsync(kept.Host, kept.Certificate, either.Token);
            trouble = null;
            Issued++;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            Failed++;
            trouble = TroubleAfter(e, trouble);
            log.LogWarning("No certificate for {Host} ({Failures} in a row), again at {NextAttempt:u}: {Reason}", kept.Host, trouble.Failures, trouble.NextAttempt, trouble.Reason);
        }

        try
        {
            if (!either.IsCancellationRequested) await store.StoreAsync(kept.Host, trouble, CancellationToken.None);
        }
        catch (IOException e)
        {
            log.LogError("The trouble of {Host} cannot be stored: {Problem}", kept.Host, e.Message);
        }

        lock (_lock)
        {
            kept.Certificate = certificate;
            kept.Stamp = store.StampOf(kept.Host);
            kept.Trouble = trouble;
            kept.Working = false;
            _working--;
            if (!_hosts.ContainsKey(kept.Host)) Remove(kept);
        }

        _work.Send();
        _changed.Send();
    }

    private CertificateStore.Trouble TroubleAfter(Exception e, CertificateStore.Trouble? before)
    {
        var failures = (before?.Failures ?? 0) + 1;
        var wait = RenewalPolicy.Backoff(failures, (e as AcmeException)?.RetryAfter, Random.Shared.NextDouble());
        var reason = e is AcmeException { Problem.Type: "dns" or "connection" or "unauthorized" or "caa" } refused
            ? $"The certificate authority could not verify this name: {refused.Message}. Check that its DNS records point to this platform; the edge tries again by itself."
            : e.Message;
        return new CertificateStore.Trouble(failures, reason, clock.GetUtcNow() + wait);
    }

    private void Remove(KeptHost host)
    {
        store.Remove(host.Host);
        pending.Drop(host.Host.ToString());
        host.Dispose();
    }
}
