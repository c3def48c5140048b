using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Boottify.Contracts.Edge;
using Boottify.Platform;

namespace Boottify.Domains;

/// <summary>
/// A host name as its owner writes it (any case, Unicode, one dot at the end) to the one form that everything else works with:
/// what <see cref="HostName"/> takes.
/// </summary>
public static class DomainName
{
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <param name="problem">What to send instead. Never holds the text itself, which may be hostile.</param>
    public static bool TryParse(string? text, PlatformSettings settings, out string host, [NotNullWhen(false)] out string? problem)
    {
        host = "";
        if (!TryMap(text, out var mapped, out problem) || !HostName.TryParse(mapped, out var name, out problem))
            return false;
        host = name.ToString();
        if (host.Length > LongestHost)
            problem = $"The name is too long: the record that proves its ownership would have more than 253 characters. Use one of at most {LongestHost}.";
        else if (string.Equals(host, settings.Domain, StringComparison.OrdinalIgnoreCase) || settings.IsOurs(host))
            problem = "That name belongs to this platform, and each app has one of its own there already. Send a name of a domain that is yours.";
        return problem is null;
    }

    /// <summary>For people to read; a name that would not read back as itself is shown as it is stored.</summary>
    public static string ToUnicode(string host)
    {
        try
        {
            return Idn.GetUnicode(host);
        }
        catch (ArgumentException)
        {
            return host;
        }
    }

    private const int LongestHost = 253 - 10;

    private static bool TryMap(string? text, out string mapped, [NotNullWhen(false)] out string? problem)
    {
        mapped = text ?? "";
        problem = mapped.Length > 1000 ? "A host name has more than 253 characters. Send one such as shop.example.com."
            : IPAddress.TryParse(mapped, out _) ? "That is an address. Send a name: certificates are issued for names."
            : null;
        if (problem is not null)
            return false;
        if (mapped.EndsWith('.') && !mapped.EndsWith("..", StringComparison.Ordinal))
            mapped = mapped[..^1];
        if (mapped.All(char.IsAscii))
        {
            mapped = mapped.ToLowerInvariant();
            if (!mapped.Split('.').Any(label => label.StartsWith("xn--", StringComparison.Ordinal)))
                return true;
        }

        try
        {
            // UTS #46, so that every spelling of a name is one name; what does not come back from Unicode was no A-label.
            mapped = Idn.GetAscii(mapped).ToLowerInvariant();
            if (string.Equals(Idn.GetAscii(Idn.GetUnicode(mapped)), mapped, StringComparison.Ordinal))
                return true;
        }
        catch (ArgumentException)
        {
            // Told below.
        }

        problem = "The name has letters that no internationalised domain name may have, or an xn-- label that is none. Send the name as your registrar shows it.";
        return false;
    }
}
