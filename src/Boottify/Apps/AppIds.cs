using System.Security.Cryptography;

namespace Boottify.Apps;

/// <summary>Short ids: lower case, a letter first, without look-alikes, so that they are legal in every derived name.</summary>
public static class AppIds
{
    private const string Letters = "abcdefghjkmnpqrstvwxyz";
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>An app's or a team's id: 8 characters, 36 bits of chance.</summary>
    public static string New() =>
        RandomNumberGenerator.GetString(Letters, 1) + RandomNumberGenerator.GetString(Alphabet, 7);

    /// <summary>A deployment's id: time first, so that ids sort by age; 20 characters.</summary>
    public static string NewDeployment(DateTimeOffset now)
    {
        Span<char> id = stackalloc char[11];
        var milliseconds = now.ToUnixTimeMilliseconds();
        for (var i = 10; i >= 1; i--)
        {
            id[i] = Alphabet[(int)(milliseconds & 31)];
            milliseconds >>= 5;
        }

        id[0] = 'd';
        return new string(id) + RandomNumberGenerator.GetString(Alphabet, 9);
    }

    /// <summary>Whether <see cref="New"/> could have made it.</summary>
    public static bool IsApp(string id) => id.Length == 8 && Letters.Contains(id[0], StringComparison.Ordinal) && id.All(c => Alphabet.Contains(c, StringComparison.Ordinal));

    /// <summary>When a deployment's id was made; null for what is no such id, as a commit.</summary>
    public static DateTimeOffset? TimeOfDeployment(string id)
    {
        if (id is not { Length: 20 } || id[0] != 'd')
            return null;
        long milliseconds = 0;
        foreach (var c in id.AsSpan(1, 10))
        {
            var digit = Alphabet.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
                return null;
            milliseconds = (milliseconds << 5) | (long)digit;
        }

        return milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;
    }

    /// <summary>Whether the text has the form of an id; anything else cannot name one of ours.</summary>
    public static bool IsWellFormed(string? id) =>
        id is { Length: >= 8 and <= 24 } && char.IsAsciiLetterLower(id[0]) && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c));
}
