using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;

namespace Boottify.Logs;

/// <summary>
/// Takes secrets out of text before anything stores it: each value as it is, base64-encoded at any of its three alignments,
/// URL-encoded and JSON-escaped. A secret of several lines is also found line by line, since output comes in lines.
/// </summary>
public sealed class Redactor
{
    public const string Mark = "[redacted]";

    /// <summary>Shorter values are words of everyday text ("on", "80"); taking them out would make logs unreadable and hide nothing.</summary>
    private const int Shortest = 4;

    /// <summary>Values of many a variable that no one takes for a secret, and that builds print all the time.</summary>
    private static readonly HashSet<string> EverydayWords = new(StringComparer.OrdinalIgnoreCase)
    {
        "true", "false", "null", "none", "production", "development", "staging", "test", "debug", "info", "warn", "warning", "error", "verbose",
        "localhost", "utf-8", "default", "standalone",
    };

    private readonly SearchValues<string> search;
    private readonly string[] patterns;

    public Redactor(IEnumerable<string> secrets)
    {
        patterns = [.. secrets.Where(secret => !EverydayWords.Contains(secret)).SelectMany(Forms).Where(form => form.Length >= Shortest).Distinct(StringComparer.Ordinal).OrderByDescending(form => form.Length)];
        search = SearchValues.Create(patterns, StringComparison.Ordinal);
    }

    public string Redact(string text)
    {
        var found = text.AsSpan().IndexOfAny(search);
        if (found < 0)
            return text;

        var clean = new StringBuilder(text.Length);
        var rest = text.AsSpan();
        while (found >= 0)
        {
            clean.Append(rest[..found]).Append(Mark);
            rest = rest[found..];
            // Longest first, so that a secret which contains another one goes as a whole.
            foreach (var pattern in patterns)
            {
                if (rest.StartsWith(pattern, StringComparison.Ordinal))
                {
                    rest = rest[pattern.Length..];
                    break;
                }
            }

            found = rest.IndexOfAny(search);
        }

        return clean.Append(rest).ToString();
    }

    private static IEnumerable<string> Forms(string secret)
    {
        var pieces = secret.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var piece in pieces.Append(secret).Where(p => p.Length >= Shortest))
        {
            yield return piece;
            yield return Uri.EscapeDataString(piece);
            yield return JavaScriptEncoder.Default.Encode(piece);
            yield return JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(piece);
            foreach (var form in Base64Forms(Encoding.UTF8.GetBytes(piece)))
            {
                yield return form;
                yield return form.Replace('+', '-').Replace('/', '_');
            }
        }
    }

    /// <summary>The characters that depend on these bytes alone, for each place in a group of three that they may start at.</summary>
    private static IEnumerable<string> Base64Forms(byte[] bytes)
    {
        // Alone it ends in padding, and goes as a whole.
        yield return Convert.ToBase64String(bytes);
        for (var shift = 0; shift < 3; shift++)
        {
            var encoded = Convert.ToBase64String([.. new byte[shift], .. bytes]);
            var from = shift == 0 ? 0 : shift + 1;
            var to = (shift + bytes.Length) * 8 / 6;
            if (to - from >= Shortest * 2)
                yield return encoded[from..to];
        }
    }
}
