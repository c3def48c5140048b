using System.Diagnostics.CodeAnalysis;

namespace Boottify.Contracts.Edge;

/// <summary>
/// A host name that may stand in an nginx configuration, a file name and a certificate request: lower-case A-labels
/// (RFC 5890) joined by dots, letters, digits and inner hyphens only, at most 253 characters, no trailing dot, no
/// wildcard, no address. There is no other way to get one than <see cref="TryParse"/>.
/// </summary>
public readonly record struct HostName
{
    private readonly string? _value;

    private HostName(string value) => _value = value;

    public override string ToString() => _value ?? throw new InvalidOperationException("A HostName was used that was never parsed.");

    /// <param name="problem">What is wrong and what to send instead. Never holds the text itself, which may be hostile.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out HostName host, [NotNullWhen(false)] out string? problem)
    {
        host = default;
        problem = Problem(text);
        if (problem is not null) return false;
        host = new HostName(text!);
        return true;
    }

    private static string? Problem(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "A host name is empty. Send one such as shop.example.com.";
        if (text.Length > 253) return $"A host name has {text.Length} characters. Send one of at most 253.";
        if (text[^1] == '.') return "A host name ends with a dot. Send it without.";
        if (text.StartsWith("*.", StringComparison.Ordinal))
            return "A host name is a wildcard, which a certificate authority does not verify over HTTP. Send each name by itself.";
        if (text.Any(char.IsAsciiLetterUpper)) return "A host name has upper-case letters. Send it in lower case.";
        if (text.Any(c => c > 127)) return "A host name has letters outside ASCII. Send its A-label form (xn--…).";
        var labels = text.Split('.');
        if (labels.Length < 2) return "A host name has a single label. Send a full name such as shop.example.com.";
        foreach (var label in labels)
        {
            if (label.Length is 0 or > 63) return "A part of a host name is empty or longer than 63 characters. Send parts of 1 to 63.";
            if (label[0] == '-' || label[^1] == '-') return "A part of a host name begins or ends with a hyphen. Send it without.";
            if (!label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
                return "A host name has a character that is no letter, digit, hyphen or dot. Send only those.";
        }

        return labels[^1].All(char.IsAsciiDigit) ? "A host name is an address. Send a name: certificates are issued for names." : null;
    }
}
