using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Boottify.Edge.Files;

namespace Boottify.Edge.Acme;

/// <summary>What a CA counts.</summary>
public enum UseKind { Order, Certificate, Duplicate, Failure, Early }

/// <summary>Something that a CA has counted, once.</summary>
/// <param name="Id">No other use has it, on no edge: so what several edges have noted can be put together.</param>
public sealed record Use(string Id, UseKind Kind, string Key, DateTimeOffset At)
{
    private const int LongestKey = 300;
    private const int LongestId = 32;

    public static TimeSpan WindowOf(UseKind kind) => kind switch
    {
        UseKind.Order => TimeSpan.FromHours(3),
        UseKind.Failure => TimeSpan.FromHours(1),
        _ => TimeSpan.FromDays(7),
    };

    /// <summary>What cannot be a line of the log is none, wherever it came from.</summary>
    public static Use? Of(string id, string kind, string key, DateTimeOffset at) =>
        id.Length is > 0 and <= LongestId && id.All(char.IsAsciiHexDigit) && key.Length <= LongestKey && !key.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))
        && Enum.TryParse<UseKind>(kind, out var of) && Enum.IsDefined(of) ? new Use(id, of, key, at) : null;

    public static string NewId() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    public override string ToString() => $"{Kind} {At.ToUnixTimeSeconds()} {Key} {Id}\n";
}

/// <summary>The uses that a CA still counts, this edge's own and those it heard of, a line of a file for each. For one caller at a time.</summary>
/// <remarks>A crash may lose the line that was being written; the CA's own count then refuses one order more, once.</remarks>
public sealed class UseLog(string file, TimeProvider clock)
{
    private const int MostStaleLines = 4096;
    private static readonly TimeSpan s_clockMayStep = TimeSpan.FromMinutes(5);
    private readonly Dictionary<(UseKind, string), List<Use>> _used = [];
    private readonly HashSet<string> _known = [];
    private readonly HashSet<string> _shared = [];
    private int _lines = -1;

    /// <summary>The oldest first.</summary>
    public IReadOnlyList<Use> Within(UseKind kind, string key, TimeSpan window)
    {
        Load();
        if (!_used.TryGetValue((kind, key), out var uses)) return [];
        RemoveOutside(uses, window);
        return uses;
    }

    public void Note(UseKind kind, string key) => Add([new Use(Use.NewId(), kind, key, clock.GetUtcNow())]);

    /// <summary>Takes over what others have noted; each use once, however often it is told.</summary>
    public void Meet(IEnumerable<Use> told)
    {
        Load();
        var now = clock.GetUtcNow();
        var uses = told.Where(use => use.At > now - Use.WindowOf(use.Kind)).ToList();
        _shared.UnionWith(uses.Select(use => use.Id));
        Add([.. uses.Where(use => !_known.Contains(use.Id))]);
    }

    /// <summary>What the others were not told, or not since this edge started: to be told twice does no harm.</summary>
    public IReadOnlyList<Use> Unshared(int most)
    {
        Load();
        return [.. _used.Values.SelectMany(uses => uses).Where(use => !_shared.Contains(use.Id)).Take(most)];
    }

    public void Shared(IEnumerable<Use> uses) => _shared.UnionWith(uses.Select(use => use.Id));

    private void Add(IReadOnlyList<Use> uses)
    {
        Load();
        if (uses.Count == 0) return;
        if (_lines > MostStaleLines + _used.Values.Sum(kept => kept.Count)) Rewrite();
        foreach (var use in uses) Remember(use);
        using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, UnixCreateMode = AtomicFile.Private });
        stream.Write(Encoding.ASCII.GetBytes(string.Concat(uses)));
        stream.Flush(flushToDisk: true);
        _lines += uses.Count;
    }

    private void Load()
    {
        if (_lines >= 0) return;
        _used.Clear(); // What a load that failed has left.
        _known.Clear();
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        if (!File.Exists(file))
        {
            _lines = 0;
            return;
        }

        foreach (var line in File.ReadLines(file))
        {
            // A line of an earlier version has no id: it gets one, and keeps it, as the file is written anew.
            if (line.Split(' ') is not [var kind, var at, var key, .. var rest] || rest.Length > 1 || !long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) continue;
            if (seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() && Use.Of(rest is [var id] ? id : Use.NewId(), kind, key, DateTimeOffset.FromUnixTimeSeconds(seconds)) is { } use) Remember(use);
        }

        Rewrite();
    }

    /// <summary>Leaves out what no window reaches any more.</summary>
    private void Rewrite()
    {
        foreach (var (key, uses) in _used.ToList())
        {
            RemoveOutside(uses, Use.WindowOf(key.Item1));
            if (uses.Count == 0) _used.Remove(key);
        }

        var all = _used.Values.SelectMany(uses => uses).ToList();
        File.WriteAllLines(file + ".new", all.Select(use => use.ToString().TrimEnd('\n')));
        File.SetUnixFileMode(file + ".new", AtomicFile.Private);
        File.Move(file + ".new", file, overwrite: true);
        _lines = all.Count;
        _known.Clear();
        _known.UnionWith(all.Select(use => use.Id));
        _shared.IntersectWith(_known);
    }

    /// <summary>What is older than the window, and what a clock that was ahead has noted.</summary>
    private void RemoveOutside(List<Use> uses, TimeSpan window)
    {
        var now = clock.GetUtcNow();
        uses.RemoveAll(use => use.At <= now - window || use.At > now + s_clockMayStep);
    }

    private void Remember(Use use)
    {
        if (!_known.Add(use.Id)) return;
        if (!_used.TryGetValue((use.Kind, use.Key), out var uses)) _used[(use.Kind, use.Key)] = uses = [];
        uses.Insert(uses.FindLastIndex(before => before.At <= use.At) + 1, use);
    }
}
