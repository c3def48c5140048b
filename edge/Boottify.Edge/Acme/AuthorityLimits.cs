using System.Globalization;

namespace Boottify.Edge.Acme;

/// <summary>
/// What a CA allows, mirrored so that nothing is asked for in vain (https://letsencrypt.org/docs/rate-limits/). Counted in
/// sliding windows, which is never laxer than the CA's own buckets.
/// </summary>
/// <param name="Orders">New orders of the account in three hours.</param>
/// <param name="Certificates">Certificates for names under one registered domain in seven days.</param>
/// <param name="Failures">Failed authorizations of one name in an hour.</param>
/// <param name="Duplicates">Certificates for the very same name in seven days.</param>
public sealed record AuthorityLimits(int Orders, int Certificates, int Failures, int Duplicates)
{
    public static AuthorityLimits LetsEncrypt { get; } = new(300, 50, 5, 5);

    /// <summary>Reads <c>orders=300,certificates=50,failures=5,duplicates=5</c> (what is left out keeps its default), or <c>off</c>.</summary>
    /// <returns>Null for no limits.</returns>
    /// <exception cref="InvalidOperationException">It makes no sense; the message says what to write.</exception>
    public static AuthorityLimits? Parse(string? text)
    {
        var limits = LetsEncrypt;
        if (text is null) return limits;
        if (text == "off") return null;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = part.Split('=', StringSplitOptions.TrimEntries);
            if (pair.Length != 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var most) || most == 0) throw Wrong();
            limits = pair[0] switch
            {
                "orders" => limits with { Orders = most },
                "certificates" => limits with { Certificates = most },
                "failures" => limits with { Failures = most },
                "duplicates" => limits with { Duplicates = most },
                _ => throw Wrong(),
            };
        }

        return limits;
    }

    private static InvalidOperationException Wrong() =>
        new("BOOTTIFY_ACME_LIMITS makes no sense. Write such as orders=300,certificates=50,failures=5,duplicates=5 with numbers from 1, or off.");
}
