using Boottify.Edge.Certificates;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Acme;

/// <summary>What an order is to the CA, which frees some from its limits.</summary>
public enum OrderKind
{
    New,

    /// <summary>The same name again: free of the limits on orders and on certificates of a domain.</summary>
    Renewal,

    /// <summary>In the window that the CA suggested, and named as what it replaces (RFC 9773, 5): free of all limits.</summary>
    Suggested,
}

/// <summary>
/// Counts what was used of a CA's <see cref="AuthorityLimits"/>, by all edges that this one hears of, and refuses beforehand what
/// the CA would refuse. On disk (<see cref="UseLog"/>), so that neither a restart nor an app that is removed and added again forgets it.
/// </summary>
public sealed class Budget(string file, AuthorityLimits? limits, TimeProvider clock, RegisteredDomains domains)
{
    private readonly Lock _lock = new();
    private readonly UseLog _log = new(file, clock);
    private readonly Dictionary<string, int> _underWay = [];

    /// <summary>Registered domains of the names that other edges are ordering, one for each name: it is not known yet which of them will count.</summary>
    private List<string> _elsewhere = [];

    public AuthorityLimits? Limits => limits;

    /// <summary>Orders of the last three hours.</summary>
    public int Orders
    {
        get
        {
            lock (_lock) return Used(UseKind.Order, "").Count;
        }
    }

    /// <summary>Takes an order out of the budget.</summary>
    /// <exception cref="AcmeException">There is none left; with the time at which there will be, as its Retry-After.</exception>
    public void Take(CertificateName name, OrderKind kind)
    {
        if (limits is null) return;
        var domain = domains.Of(name.Domain);
        lock (_lock)
        {
            if (kind != OrderKind.Suggested)
            {
                Require(UseKind.Failure, name.ToString(), limits.Failures, 0, $"failed authorizations of {name} an hour");
                Require(UseKind.Duplicate, name.ToString(), limits.Duplicates, 0, $"certificates for {name} a week");
            }

            if (kind == OrderKind.New)
            {
                Require(UseKind.Order, "", limits.Orders, _elsewhere.Count, "new orders in three hours");
                Require(UseKind.Certificate, domain, limits.Certificates, _underWay.GetValueOrDefault(domain) + _elsewhere.Count(other => other == domain), $"certificates for {domain} a week");
                _log.Note(UseKind.Order, "");
                _underWay[domain] = _underWay.GetValueOrDefault(domain) + 1;
            }
        }
    }

    /// <summary>A new order that <see cref="Take"/> allowed has ended.</summary>
    public void End(CertificateName name)
    {
        var domain = domains.Of(name.Domain);
        lock (_lock)
            if (_underWay.TryGetValue(domain, out var count)) _underWay[domain] = Math.Max(0, count - 1);
    }

    public void Issued(CertificateName name, OrderKind kind)
    {
        if (limits is null || kind == OrderKind.Suggested) return;
        lock (_lock)
        {
            if (kind == OrderKind.New) _log.Note(UseKind.Certificate, domains.Of(name.Domain));
            _log.Note(UseKind.Duplicate, name.ToString());
        }
    }

    public void Refused(CertificateName name)
    {
        if (limits is null) return;
        lock (_lock) _log.Note(UseKind.Failure, name.ToString());
    }

    /// <summary>A CA that would have a name renewed over and over is heard once in that time, restarts or not; whatever the limits are.</summary>
    public bool TryRenewEarly(CertificateName name, TimeSpan between)
    {
        lock (_lock)
        {
            if (_log.Within(UseKind.Early, name.ToString(), between).Count > 0) return false;
            _log.Note(UseKind.Early, name.ToString());
            return true;
        }
    }

    /// <summary>What the other edges have used.</summary>
    public void Meet(IEnumerable<Use> uses)
    {
        lock (_lock) _log.Meet(uses);
    }

    /// <summary>The names that other edges are ordering right now; none when nobody can say.</summary>
    public void SetElsewhere(IEnumerable<string> names)
    {
        var counted = names.Select(name => HostName.TryParse(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name, out var host, out _) ? domains.Of(host) : null).OfType<string>().ToList();
        lock (_lock) _elsewhere = counted;
    }

    /// <summary>What the other edges are still to be told.</summary>
    public IReadOnlyList<Use> Unshared(int most)
    {
        lock (_lock) return _log.Unshared(most);
    }

    public void Shared(IEnumerable<Use> uses)
    {
        lock (_lock) _log.Shared(uses);
    }

    private IReadOnlyList<Use> Used(UseKind kind, string key) => _log.Within(kind, key, Use.WindowOf(kind));

    private void Require(UseKind kind, string key, int most, int underWay, string what)
    {
        var used = Used(kind, key);
        if (used.Count + underWay < most) return;
        // With enough of them under way, it is not known yet which of them will count.
        var wait = used.Count >= most ? used[used.Count - most].At + Use.WindowOf(kind) - clock.GetUtcNow() : TimeSpan.FromMinutes(1);
        throw AcmeException.OutOfBudget($"The certificate authority allows {most} {what}, and they are used up", wait);
    }
}
