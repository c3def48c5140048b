using System.Globalization;
using System.Text;
using Boottify.Edge.Certificates;
using Boottify.Edge.Files;

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
/// Counts what one account has used of its CA's <see cref="AuthorityLimits"/>, and refuses beforehand what the CA would
/// refuse. On disk, a line for each use, so that neither a restart nor an app that is removed and added again forgets them.
/// </summary>
/// <remarks>A crash may lose the line that was being written; the CA's own count then refuses one order more, once.</remarks>
public sealed class Budget(string file, AuthorityLimits? limits, TimeProvider clock, RegisteredDomains domains)
{
    private enum Use { Order, Certificate, Duplicate, Failure, Early }

    private static readonly TimeSpan s_week = TimeSpan.FromDays(7);
    private static readonly TimeSpan s_clockMayStep = TimeSpan.FromMinutes(5);
    private const int MostStaleLines = 4096;
    private readonly Lock _lock = new();
    private readonly Dictionary<(Use, string), List<DateTimeOffset>> _used = [];
    private readonly Dictionary<string, int> _underWay = [];
    private int _lines = -1;

    public AuthorityLimits? Limits => limits;

    /// <summary>Orders of the last three hours.</summary>
    public int Orders
    {
        get
        {
            lock (_lock) return Within(Use.Order, "", TimeSpan.FromHours(3)).Count;
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
                Require(Use.Failure, name.ToString(), limits.Failures, TimeSpan.FromHours(1), 0, $"failed authorizations of {name} an hour");
                Require(Use.Duplicate, name.ToString(), limits.Duplicates, s_week, 0, $"certificates for {name} a week");
            }

            if (kind == OrderKind.New)
            {
                Require(Use.Order, "", limits.Orders, TimeSpan.FromHours(3), 0, "new orders in three hours");
                Require(Use.Certificate, domain, limits.Certificates, s_week, _underWay.GetValueOrDefault(domain), $"certificates for {domain} a week");
                Note(Use.Order, "");
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
            if (kind == OrderKind.New) Note(Use.Certificate, domains.Of(name.Domain));
            Note(Use.Duplicate, name.ToString());
        }
    }

    public void Refused(CertificateName name)
    {
        if (limits is null) return;
        lock (_lock) Note(Use.Failure, name.ToString());
    }

    /// <summary>A CA that would have a name renewed over and over is heard once in that time, restarts or not; whatever the limits are.</summary>
    public bool TryRenewEarly(CertificateName name, TimeSpan between)
    {
        lock (_lock)
        {
            if (Within(Use.Early, name.ToString(), between).Count > 0) return false;
            Note(Use.Early, name.ToString());
            return true;
        }
    }

    private void Require(Use use, string key, int most, TimeSpan window, int underWay, string what)
    {
        var used = Within(use, key, window);
        if (used.Count + underWay < most) return;
        // With enough of them under way, it is not known yet which of them will count.
        var wait = used.Count >= most ? used[used.Count - most] + window - clock.GetUtcNow() : TimeSpan.FromMinutes(1);
        throw AcmeException.OutOfBudget($"The certificate authority allows {most} {what}, and they are used up", wait);
    }

    private List<DateTimeOffset> Within(Use use, string key, TimeSpan window)
    {
        Load();
        if (!_used.TryGetValue((use, key), out var times)) return [];
        RemoveOutside(times, window);
        return times;
    }

    private void Note(Use use, string key)
    {
        Load();
        var now = clock.GetUtcNow();
        if (_lines > MostStaleLines + _used.Values.Sum(times => times.Count)) Rewrite();
        Remember(use, key, now);
        using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, UnixCreateMode = AtomicFile.Private });
        stream.Write(Encoding.ASCII.GetBytes(Line(use, key, now)));
        stream.Flush(flushToDisk: true);
        _lines++;
    }

    private void Load()
    {
        if (_lines >= 0) return;
        _used.Clear(); // What a load that failed has left.
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        if (!File.Exists(file))
        {
            _lines = 0;
            return;
        }

        foreach (var line in File.ReadLines(file))
        {
            var words = line.Split(' ');
            if (words.Length == 3 && Enum.TryParse<Use>(words[0], out var use) && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var at))
                Remember(use, words[2], DateTimeOffset.FromUnixTimeSeconds(at));
        }

        Rewrite();
    }

    /// <summary>Leaves out what no window reaches any more.</summary>
    private void Rewrite()
    {
        foreach (var (key, times) in _used.ToList())
        {
            RemoveOutside(times, s_week);
            if (times.Count == 0) _used.Remove(key);
        }

        File.WriteAllLines(file + ".new", _used.SelectMany(used => used.Value.Select(time => Line(used.Key.Item1, used.Key.Item2, time).TrimEnd('\n'))));
        File.SetUnixFileMode(file + ".new", AtomicFile.Private);
        File.Move(file + ".new", file, overwrite: true);
        _lines = _used.Values.Sum(times => times.Count);
    }

    /// <summary>What is older than the window, and what a clock that was ahead has noted.</summary>
    private void RemoveOutside(List<DateTimeOffset> times, TimeSpan window)
    {
        var now = clock.GetUtcNow();
        times.RemoveAll(time => time <= now - window || time > now + s_clockMayStep);
    }

    private void Remember(Use use, string key, DateTimeOffset at)
    {
        if (!_used.TryGetValue((use, key), out var times)) _used[(use, key)] = times = [];
        times.Add(at);
    }

    private static string Line(Use use, string key, DateTimeOffset at) => $"{use} {at.ToUnixTimeSeconds()} {key}\n";
}
