using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>The work itself: what is due is started, and its outcome written.</summary>
public sealed partial class CertificateKeeper
{
    /// <summary>How often it looks whether somebody else has changed or broken a file.</summary>
    private static readonly TimeSpan s_patrol = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = new HashSet<Task>();
        var looked = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            var woken = _work.Next;
            if (clock.GetElapsedTime(looked) >= s_patrol)
            {
                Patrol();
                looked = clock.GetTimestamp();
            }

            TimeSpan sleep;
            lock (_lock)
            {
                CoverHosts();
                sleep = Begin(running, stoppingToken);
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

    /// <summary>Starts what is due, as far as there is room. Under the lock.</summary>
    /// <returns>How long there is nothing to start.</returns>
    private TimeSpan Begin(HashSet<Task> running, CancellationToken stopping)
    {
        var (now, next) = (clock.GetUtcNow(), DateTimeOffset.MaxValue);
        var orders = new List<KeptCertificate>();
        foreach (var kept in _kept.Values)
        {
            if (kept.Working) continue;
            if (OfferedTo(kept) is { } offered)
            {
                Start(kept, null, offered);
                continue;
            }

            var due = kept.DueAt;
            if (due > now) next = due < next ? due : next;
            // To look at a handshake takes no order's place: a new app on the wildcard waits for nobody.
            else if (kept.LookAt(now) is { } toSee) Start(kept, toSee, null);
            else orders.Add(kept);
        }

        while (_turns.Running < settings.ParallelOrders && _turns.Next(orders, kept => kept.Turn, kept => kept.DueAt) is { } first)
        {
            orders.Remove(first);
            _turns.Begin(first.Turn);
            Start(first, null, null);
        }

        return next - now < s_patrol ? next - now : s_patrol;

        void Start(KeptCertificate kept, PublishedCertificate? toSee, (PublishedCertificate, string)? offered)
        {
            kept.Working = true;
            HostName? shownBy = kept.Name.Wildcard ? _kept.Values.FirstOrDefault(host => host.OnCover && host.Seen)?.Name.Domain : kept.Name.Domain;
            var turn = kept.Turn; // Another app may have the host by the time that it ends.
            running.Add(Task.Run(() => WorkAsync(kept, turn, toSee, offered, shownBy, stopping), CancellationToken.None));
        }
    }

    /// <summary>What another edge has ordered, once; null when the name has that one, or a later one, by now. Under the lock.</summary>
    private static (PublishedCertificate Certificate, string Pem)? OfferedTo(KeptCertificate kept)
    {
        if (kept.Offered is not { } offered) return null;
        kept.Offered = null;
        var (mine, (certificate, pem, before)) = (kept.Certificate, offered);
        // Judged against the one that is still there; against another one, which came meanwhile, the later one counts.
        var late = mine?.Serial == certificate.Serial || (mine?.Serial != before && mine?.NotBefore > certificate.NotBefore);
        return kept.OnCover || late ? null : (certificate, pem);
    }

    /// <summary>A file that was changed, broken or lost behind our back is read again; one that cannot be used any more is replaced by a new order.</summary>
    private void Patrol()
    {
        List<KeptCertificate> resting;
        lock (_lock) resting = [.. _kept.Values.Where(kept => !kept.Working && (kept.OnCover || kept.Certificate is not null))];
        foreach (var kept in resting)
        {
            if (store.StampOf(kept.Name) == kept.Stamp) continue;
            var now = Read(kept.Name, kept.Cover);
            lock (_lock)
                if (!kept.Working) (kept.Stamp, kept.OnCover, kept.Certificate) = (now.Stamp, now.OnCover, now.Certificate);
        }
    }

    /// <summary>Work on a name that was withdrawn is over; when it was wanted again meanwhile, its successor begins with what there is now. Under the lock.</summary>
    private void Leave(KeptCertificate kept)
    {
        if (!_kept.TryGetValue(kept.Name, out var successor))
        {
            Remove(kept);
            return;
        }

        issuer.Forget(kept.Name); // What was given up at the CA is not gone on with.
        (successor.Stamp, successor.OnCover, successor.Certificate, successor.Working) = (kept.Stamp, kept.OnCover && successor.Cover is not null, kept.Certificate, false);
        kept.Dispose();
    }

    /// <summary>One attempt; its outcome, whatever it is, is written in one place.</summary>
    /// <param name="toSee">What a handshake shall show; null publishes a new one first.</param>
    /// <param name="offered">What another edge has ordered; null orders here, or waits for another edge that does.</param>
    /// <param name="shownBy">A host whose handshake shows it; null when there is none yet, as for a wildcard that no app uses so far.</param>
    private async Task WorkAsync(KeptCertificate kept, Turn turn, PublishedCertificate? toSee, (PublishedCertificate Certificate, string Pem)? offered, HostName? shownBy, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, kept.Withdrawn);
        var orders = toSee is null && offered is null;
        (DateTimeOffset, string)? waits = null;
        var (certificate, trouble, seen, still) = (kept.Certificate, kept.Trouble, kept.Seen, kept.ToSee);
        try
        {
            try
            {
                if (toSee is null)
                {
                    (toSee, var ordered) = offered is var (theirs, pem)
                        ? (await issuer.TakeAsync(kept.Name, theirs, pem, either.Token), false)
                        : await issuer.RunAsync(kept.Name, certificate, trouble, () => Begun(kept), either.Token);
                    if (ordered) Issued++;
                    // nginx serves it from here on, whatever a look says: that decides only whether to look again.
                    (seen, still) = (seen && kept.Served?.IsValidAt(clock.GetUtcNow()) is true, true);
                    (certificate, trouble) = (toSee, RenewalPolicy.DueAlready(kept.Name, toSee, trouble, clock.GetUtcNow()));
                    lock (_lock) (kept.Certificate, kept.OnCover, kept.Seen) = (toSee, false, seen);
                    if (trouble is not null) log.LogError("{Name}: {Reason}", kept.Name, trouble.Reason);
                }

                if (shownBy is { } host) await issuer.SeeAsync(host, toSee, either.Token);
                (seen, still) = (true, false);
                if (!orders && offered is null) trouble = null;
            }
            catch (OperationCanceledException) when (either.IsCancellationRequested)
            {
                if (!stopping.IsCancellationRequested && orders) await issuer.AbandonAsync(kept.Name);
            }
            catch (NotYetException e)
            {
                waits = (e.Again, e.Message);
            }
            catch (KnownTroubleException e)
            {
                trouble = e.Trouble;
                log.LogInformation("{Name} waits until {NextAttempt:u}, after what another edge node has met: {Reason}", kept.Name, trouble.NextAttempt, trouble.Reason);
            }
            catch (Exception e)
            {
                Failed++;
                trouble = (e as NotIssuedException)?.Trouble ?? Trouble.After(trouble, e.Message, null, clock.GetUtcNow(), Random.Shared.NextDouble());
                log.LogWarning("No certificate for {Name} ({Failures} in a row), again at {NextAttempt:u}: {Reason}", kept.Name, trouble.Failures, trouble.NextAttempt, trouble.Reason);
            }

            if (!either.IsCancellationRequested) await store.StoreAsync(kept.Name, trouble, CancellationToken.None);
        }
        catch (Exception e)
        {
            log.LogError("What came of the attempt for {Name} cannot be stored: {Problem}", kept.Name, e.Message);
        }
        finally
        {
            lock (_lock)
            {
                kept.Working = false;
                if (orders) _turns.End(turn);
                (kept.Trouble, kept.Seen, kept.ToSee, kept.Waits) = (trouble, seen, still, waits);
                kept.Stamp = store.StampOf(kept.Name);
                kept.OnCover = kept.Cover is not null && store.IsCovered(kept.Name);
                kept.Certificate = kept.OnCover ? null : certificate;
                if (_leaving.Remove(kept.Name)) Leave(kept);
            }

            _work.Send();
            _changed.Send();
        }
    }

    private void Begun(KeptCertificate kept)
    {
        lock (_lock) kept.Waits = null;
        _changed.Send();
    }
}
