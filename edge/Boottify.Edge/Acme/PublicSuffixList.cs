using System.Globalization;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Acme;

/// <summary>
/// The names under which anybody may register one: the list of https://publicsuffix.org, read once and asked often. Its
/// private section counts too, as CAs count it: each customer of <c>github.io</c> is a registered domain.
/// </summary>
public sealed class PublicSuffixList
{
    private const int LargestFile = 16 << 20;
    private const string Complete = "// ===END ICANN DOMAINS===";
    private readonly HashSet<string> _suffixes = new(StringComparer.Ordinal);

    /// <summary>Names whose every child is a suffix.</summary>
    private readonly HashSet<string> _parents = new(StringComparer.Ordinal);

    /// <summary>Children of those that are none.</summary>
    private readonly HashSet<string> _exceptions = new(StringComparer.Ordinal);

    private PublicSuffixList()
    {
    }

    public int Count => _suffixes.Count + _parents.Count + _exceptions.Count;

    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is no such list, or not a whole one.</exception>
    public static PublicSuffixList Read(string file)
    {
        if (new FileInfo(file).Length > LargestFile) throw new InvalidDataException("it is too large");
        return Parse(File.ReadLines(file));
    }

    /// <exception cref="InvalidDataException">It is no such list, or not a whole one.</exception>
    public static PublicSuffixList Parse(IEnumerable<string> lines)
    {
        var (list, names, whole) = (new PublicSuffixList(), new IdnMapping(), false);
        foreach (var line in lines)
        {
            whole |= line.StartsWith(Complete, StringComparison.Ordinal);
            // A rule ends at the first white space; what stands behind it is no part of it.
            var rule = line.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
            if (rule.Length > 0 && !rule.StartsWith("//", StringComparison.Ordinal) && line[0] == rule[0]) list.Add(rule, names);
        }

        return whole && list.Count > 0 ? list : throw new InvalidDataException($"it has {list.Count} rules and {(whole ? "the" : "no")} line {Complete}");
    }

    /// <summary>The suffix and one label before it; a name that is a suffix itself counts as its own.</summary>
    public string RegisteredDomainOf(HostName host)
    {
        var name = host.ToString();
        var (suffixes, parents, exceptions) = (_suffixes.GetAlternateLookup<ReadOnlySpan<char>>(), _parents.GetAlternateLookup<ReadOnlySpan<char>>(), _exceptions.GetAlternateLookup<ReadOnlySpan<char>>());
        // From the whole name on, so that the first rule that fits is the longest one; an exception goes before all.
        for (int start = 0, before = 0; ; (before, start) = (start, start + name.AsSpan(start).IndexOf('.') + 1))
        {
            var part = name.AsSpan(start);
            if (exceptions.Contains(part)) return name[start..];
            var dot = part.IndexOf('.');
            // Of a name in no rule, the last label is the suffix.
            if (dot < 0 || suffixes.Contains(part) || parents.Contains(part[(dot + 1)..])) return name[before..];
        }
    }

    /// <summary>One that is no name, or that has a wildcard inside, which the list never had, is left out: the others count.</summary>
    private void Add(string rule, IdnMapping names)
    {
        var (set, name) = rule switch
        {
            ['!', .. var exception] => (_exceptions, exception),
            ['*', '.', .. var parent] => (_parents, parent),
            _ => (_suffixes, rule),
        };
        try
        {
            var ascii = names.GetAscii(name).ToLowerInvariant();
            if (!ascii.Contains('*', StringComparison.Ordinal)) set.Add(ascii);
        }
        catch (ArgumentException)
        {
        }
    }
}
