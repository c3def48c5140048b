using Boottify.Contracts.Edge;
using Boottify.Edge.Acme;
using Boottify.Edge.Peers;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>
/// Sees to it that each host that is served has a certificate: the platform's wildcard where that covers it, else one of its
/// own, ordered at once and side by side, renewed in time; waits after failures (on disk, so that a restart does not eat the
/// CA's limits), and removes what is withdrawn.
/// </summary>
/// <remarks>All state is on disk or at the CA: a crash costs the orders under way a resumption, nothing else.</remarks>
/// <param name="shared">Null when this edge is the only one, as is <paramref name="troubles"/>.</param>
public sealed partial class CertificateKeeper(
    CertificateIssuer issuer, CertificateStore store, Authorities authorities, EdgeSettings settings, TimeProvider clock, ILogger<CertificateKeeper> log, SharedCertificates? shared = null, SharedTroubles? troubles = null)
    : BackgroundService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<CertificateName, KeptCertificate> _kept = [];

    /// <summary>Withdrawn while there was work on them, which is not over yet.</summary>
    private readonly HashSet<CertificateName> _leaving = [];
    private readonly Pulse _work = new();
    private readonly Pulse _changed = new();
    private readonly FairTurns _turns = new();

    /// <summary>Ends at the next change of any host's status.</summary>
    public Task Changed => _changed.Next;

    public long Issued { get; private set; }
    public long Failed { get; private set; }

    public HostStatus StatusOf(HostName host)
    {
        lock (_lock) return _kept.GetValueOrDefault(host)?.StatusAt(clock.GetUtcNow()) ?? new HostStatus(host.ToString(), CertificateState.Pending);
    }

    /// <summary>All hosts, and the wildcard if there is one.</summary>
    public IReadOnlyList<HostStatus> All()
    {
        lock (_lock) return [.. _kept.Values.Select(kept => kept.StatusAt(clock.GetUtcNow()))];
    }

    /// <summary>The certificates that are served, each once.</summary>
    public IReadOnlyList<(CertificateName Name, PublishedCertificate Certificate)> Certificates()
    {
        lock (_lock) return [.. _kept.Values.Where(kept => kept is { Working: false, OnCover: false, Certificate: not null }).Select(kept => (kept.Name, kept.Certificate!))];
    }

    /// <summary>All names that have, or shall have, a certificate of their own.</summary>
    public IReadOnlyList<(CertificateName Name, PublishedCertificate? Certificate, bool Working)> Kept()
    {
        lock (_lock) return [.. _kept.Values.Where(kept => !kept.OnCover).Select(kept => (kept.Name, kept.Certificate, kept.Working))];
    }

    /// <summary>All names that an edge has failed to order for, through no fault of its own, and the serial of what is to be followed.</summary>
    public IReadOnlyList<(CertificateName Name, string? Serial, Trouble Trouble)> Troubled()
    {
        lock (_lock)
            return [.. _kept.Values.Where(kept => kept is { Working: false, OnCover: false, Trouble: { Here: false, Tally.Count: > 0 } }).Select(kept => (kept.Name, kept.Certificate?.Serial ?? store.RevokedOf(kept.Name), kept.Trouble!))];
    }

    public CertificateReport Report()
    {
        var now = clock.GetUtcNow();
        List<CertificateReport.Row> rows;
        int covered;
        lock (_lock)
        {
            rows = [.. _kept.Values.Where(kept => !kept.OnCover).Select(kept => new CertificateReport.Row(kept.Name.ToString(), kept.Certificate, kept.DueAt, kept.Trouble))];
            covered = _kept.Values.Count(kept => kept.OnCover);
        }

        return CertificateReport.Of(rows, covered, authorities.All.Select(CertificateReport.Of), settings.ExpiryAlarm, now);
    }

    /// <summary>Orders another one than the one with that serial now, whatever its time and even after a restart; what is served is served on until then.</summary>
    public async Task ReplaceAsync(CertificateName name, string serial)
    {
        try
        {
            await store.NoteRevokedAsync(name, serial, CancellationToken.None);
        }
        finally
        {
            if (shared is not null) await shared.MarkRevokedAsync(name, serial);
            Suggest(name, serial, clock.GetUtcNow());
        }
    }

    /// <summary>Publishes what another edge has ordered, as soon as nothing else is under way for the name.</summary>
    public void Take(CertificateName name, PublishedCertificate certificate, string pem)
    {
        lock (_lock)
        {
            if (_kept.GetValueOrDefault(name) is not { } kept) return;
            kept.Offered = (certificate, pem, kept.Certificate?.Serial);
        }

        _work.Send();
    }

    /// <summary>Renews the certificate with that serial at that time instead of by our own rule.</summary>
    public void Suggest(CertificateName name, string serial, DateTimeOffset at)
    {
        lock (_lock)
        {
            if (_kept.GetValueOrDefault(name) is not { } kept) return;
            kept.Suggestion = (serial, at);
        }

        _work.Send();
    }

    /// <summary>From its return on exactly these routes' hosts have certificates, or will have. Callers follow one after the other.</summary>
    public void Follow(IReadOnlyList<CheckedRoute> routes)
    {
        var wanted = new Dictionary<CertificateName, Turn>();
        foreach (var route in routes)
        {
            var turn = new Turn(route.AppId, route.Team);
            foreach (var host in route.Hosts) wanted[host.Name] = turn;
        }

        CertificateName? wildcard = settings.Zone is { } zone ? CertificateName.WildcardOf(zone.Domain) : null;
        if (wildcard is { } shared) wanted[shared] = new Turn("");
        List<CertificateName> added;
        KeptCertificate? cover;
        lock (_lock)
        {
            added = [.. wanted.Keys.Where(name => !_kept.ContainsKey(name)).OrderByDescending(name => name.Wildcard)];
            cover = wildcard is { } known ? _kept.GetValueOrDefault(known) : null;
        }

        var started = new List<KeptCertificate>(added.Count);
        foreach (var name in added)
        {
            var kept = Read(name, wildcard?.Covers(name.Domain) is true && !name.Wildcard ? cover : null);
            if (name.Wildcard) cover = kept;
            started.Add(kept);
        }

        lock (_lock)
        {
            foreach (var gone in _kept.Values.Where(kept => !wanted.ContainsKey(kept.Name)).ToList())
            {
                _kept.Remove(gone.Name);
                gone.Withdraw();
                if (gone.Working) _leaving.Add(gone.Name);
                else Remove(gone);
            }

            foreach (var kept in started)
            {
                kept.Working = _leaving.Contains(kept.Name); // Until its predecessor is done: the two share files, and an order.
                _kept[kept.Name] = kept;
            }

            foreach (var (name, turn) in wanted) _kept[name].Turn = turn;
            CoverHosts();
        }

        _work.Send();
        _changed.Send();
    }

    /// <summary>Lets the wildcard serve every host that it can, from the next handshake on. Under the lock.</summary>
    private void CoverHosts()
    {
        if (settings.Zone is null) return;
        var now = clock.GetUtcNow();
        foreach (var kept in _kept.Values)
        {
            if (kept.Working || kept.OnCover || !kept.CoverIsGoodAt(now)) continue;
            try
            {
                store.Cover(kept.Name.Domain, kept.Cover!.Name);
                File.Delete(store.TroubleFileOf(kept.Name));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
            {
                log.LogError("{Host} cannot be served with the wildcard and gets a certificate of its own: {Problem}", kept.Name, e.Message);
                continue;
            }

            // One that was served before is served on; whether it is now by the other certificate is not asked of thousands.
            (kept.Seen, kept.ToSee, kept.OnCover, kept.Certificate, kept.Trouble) = (kept.Certificate is not null && kept.Seen, false, true, null, null);
            kept.Stamp = store.StampOf(kept.Name);
            issuer.Forget(kept.Name);
        }
    }

    private KeptCertificate Read(CertificateName name, KeptCertificate? cover)
    {
        var covered = store.IsCovered(name);
        // A link to a wildcard that is no longer ours to renew serves until the host has a certificate of its own.
        var certificate = covered ? null : store.Find(name);
        var trouble = store.TroubleOf(name);
        return new KeptCertificate(name, cover)
        {
            Stamp = store.StampOf(name),
            OnCover = covered && cover is not null,
            Seen = true,
            Certificate = certificate,
            Suggestion = certificate is not null && store.RevokedOf(name) == certificate.Serial ? (certificate.Serial, clock.GetUtcNow()) : null,
            Trouble = trouble,
            // A look is what a trouble was about, if the certificate is not due: see whether it is over.
            ToSee = trouble is not null,
        };
    }
}
