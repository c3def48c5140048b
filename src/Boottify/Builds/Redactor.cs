using System.Text;
using System.Text.RegularExpressions;

namespace Boottify.Builds;

/// <summary>
/// Blanks secrets in what git and the Docker Engine say, before it becomes a log line or a message: the secret itself, its
/// URL-encoded and base64 forms, and the user part of any URL.
/// </summary>
internal sealed partial class Redactor
{
    private const string Blank = "***";
    private readonly string[] _secrets;

    public Redactor(params IEnumerable<string?> secrets) =>
        _secrets = [.. secrets.OfType<string>().Where(s => s.Length > 0).SelectMany(Forms).Distinct(StringComparer.Ordinal).OrderByDescending(s => s.Length)];

    public string Clean(string text)
    {
        foreach (var secret in _secrets)
            text = text.Replace(secret, Blank, StringComparison.Ordinal);
        return UserInfo().Replace(text, "$1" + Blank + "@");
    }

    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(secret));
    }

    [GeneratedRegex(@"(\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@'""]+@", RegexOptions.NonBacktracking)]
    private static partial Regex UserInfo();
}
