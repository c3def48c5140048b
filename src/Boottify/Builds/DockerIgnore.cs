using System.Text;
using System.Text.RegularExpressions;
using Boottify.Deployments;

namespace Boottify.Builds;

/// <summary>
/// A <c>.dockerignore</c> file with Docker's own rules, which are not git's: patterns start at the folder's root, <c>**</c>
/// spans folders, <c>!</c> takes back, and the last pattern that fits decides.
/// </summary>
internal sealed class DockerIgnore
{
    private readonly List<(Regex Pattern, bool TakesBack)> _rules = [];

    public DockerIgnore(string? text, params IEnumerable<string> always)
    {
        foreach (var line in (text ?? "").Split('\n'))
            Add(line.TrimStart('\ufeff'));
        foreach (var line in always)
            Add(line);
    }

    /// <summary>Whether some pattern takes back, so that folders that are left out have to be walked all the same.</summary>
    public bool TakesBack => _rules.Any(rule => rule.TakesBack);

    /// <param name="path">Below the folder, with '/' between its parts.</param>
    public bool LeavesOut(string path)
    {
        var leftOut = false;
        foreach (var (pattern, takesBack) in _rules)
        {
            if (leftOut == takesBack && FitsItOrAFolderAbove(pattern, path))
                leftOut = !takesBack;
        }

        return leftOut;
    }

    private static bool FitsItOrAFolderAbove(Regex pattern, string path)
    {
        for (var end = path.Length; end > 0; end = path.LastIndexOf('/', end - 1))
        {
            if (pattern.IsMatch(path.AsSpan(0, end)))
                return true;
        }

        return false;
    }

    private void Add(string line)
    {
        if (line.StartsWith('#'))
            return;
        var text = line.Trim();
        var takesBack = text.StartsWith('!');
        text = Clean(takesBack ? text[1..].Trim() : text);
        if (text.Length > 0 && text != ".")
            _rules.Add((ToRegex(text), takesBack));
    }

    private static string Clean(string pattern)
    {
        var parts = new List<string>();
        foreach (var part in pattern.Split('/'))
        {
            if (part is "" or ".")
                continue;
            if (part is ".." && parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
            else if (part is not "..")
                parts.Add(part);
        }

        return string.Join('/', parts);
    }

    private static Regex ToRegex(string pattern)
    {
        var regex = new StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '*' && Next(pattern, i) == '*')
            {
                i++;
                if (Next(pattern, i) == '/')
                    i++;
                // At the end "**" is everything; before more, any number of whole folders.
                regex.Append(i == pattern.Length - 1 ? ".*" : "(?:.*/)?");
            }
            else if (c == '*')
            {
                regex.Append("[^/]*");
            }
            else if (c == '?')
            {
                regex.Append("[^/]");
            }
            else if (c == '[' && pattern.IndexOf(']', i + 1) is > 0 and var end)
            {
                var set = pattern[(i + 1)..end];
                regex.Append('[').Append(set.StartsWith('^') ? "^" : "").Append(set.TrimStart('^').Replace("[", @"\[", StringComparison.Ordinal)).Append(']');
                i = end;
            }
            else
            {
                if (c == '\\' && i + 1 < pattern.Length)
                    c = pattern[++i];
                regex.Append(Regex.Escape(c.ToString()));
            }
        }

        try
        {
            return new Regex(regex.Append('$').ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }
        catch (ArgumentException fault)
        {
            throw new StepException($"The .dockerignore file has a pattern that is not one: '{pattern}'.", fault);
        }
    }

    private static char Next(string pattern, int i) => i + 1 < pattern.Length ? pattern[i + 1] : '\0';
}
