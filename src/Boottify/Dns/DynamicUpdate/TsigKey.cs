namespace Boottify.Dns.DynamicUpdate;

/// <summary>A secret that Boottify and the name server share, for HMAC-SHA256 (RFC 8945).</summary>
internal sealed class TsigKey
{
    public const string Algorithm = "hmac-sha256";

    private TsigKey(string name, byte[] secret) => (Name, Secret) = (name, secret);

    /// <summary>Lower case, without a trailing dot.</summary>
    public string Name { get; }

    public byte[] Secret { get; }

    /// <param name="secret">Base64, as <c>tsig-keygen</c> and <c>pdnsutil generate-tsig-key</c> print it.</param>
    /// <exception cref="FormatException">The name is no domain name, or the secret no base64; the message does not quote it.</exception>
    public static TsigKey Of(string name, string secret)
    {
        var canonical = name.TrimEnd('.').ToLowerInvariant();
        new WireWriter().Name(canonical);
        var bytes = new byte[secret.Length];
        return Convert.TryFromBase64String(secret, bytes, out var length) && length > 0
            ? new TsigKey(canonical, bytes[..length])
            : throw new FormatException("the key is not base64. Take it as the name server's tool printed it.");
    }

    /// <summary>Leaves the secret out of logs.</summary>
    public override string ToString() => Name;
}
