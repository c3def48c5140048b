using System.Security.Cryptography;
using System.Text;

namespace Boottify.Webhooks;

/// <summary>GitHub's scheme: <c>X-Hub-Signature-256: sha256=HEX</c>, an HMAC over the body's exact bytes.</summary>
public static class WebhookSignature
{
    public const string Header = "X-Hub-Signature-256";

    /// <summary>Compares in constant time.</summary>
    public static bool Matches(string? header, string secret, ReadOnlySpan<byte> body)
    {
        const string scheme = "sha256=";
        if (header is null || header.Length != scheme.Length + 64 || !header.StartsWith(scheme, StringComparison.Ordinal))
            return false;
        Span<byte> expected = stackalloc byte[32];
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body, expected);
        Span<byte> given = stackalloc byte[32];
        return Convert.FromHexString(header.AsSpan(scheme.Length), given, out _, out _) == System.Buffers.OperationStatus.Done
            && CryptographicOperations.FixedTimeEquals(expected, given);
    }
}
