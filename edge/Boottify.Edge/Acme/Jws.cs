using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Boottify.Edge.Acme;

/// <summary>Signed requests in the flattened JSON form that ACME takes (RFC 8555, 6.2).</summary>
public static class Jws
{
    /// <param name="payload">JSON, or empty for POST-as-GET.</param>
    /// <param name="accountUrl">Names the key; null sends the public key itself, for new accounts and key changes.</param>
    /// <param name="nonce">Null only for the inner part of a key change.</param>
    public static string Sign(AccountKey key, string? accountUrl, Uri url, string? nonce, string payload)
    {
        var header = new JsonObject { ["alg"] = "ES256" };
        if (accountUrl is null) header["jwk"] = JsonNode.Parse(key.Jwk);
        else header["kid"] = accountUrl;
        if (nonce is not null) header["nonce"] = nonce;
        header["url"] = url.AbsoluteUri;
        return Assemble(header, payload, key.Sign);
    }

    /// <summary>Proof that the account belongs to a customer of the CA (RFC 8555, 7.3.4).</summary>
    /// <param name="hmacKey">Base64url, as the CA hands it out.</param>
    public static string BindExternally(AccountKey key, string keyId, string hmacKey, Uri url)
    {
        var secret = Base64Url.DecodeFromChars(hmacKey);
        var header = new JsonObject { ["alg"] = "HS256", ["kid"] = keyId, ["url"] = url.AbsoluteUri };
        return Assemble(header, key.Jwk, data => HMACSHA256.HashData(secret, data));
    }

    private static string Assemble(JsonObject header, string payload, Func<byte[], byte[]> sign)
    {
        var protectedPart = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString()));
        var payloadPart = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload));
        var signature = Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes($"{protectedPart}.{payloadPart}")));
        return JsonSerializer.Serialize(new { @protected = protectedPart, payload = payloadPart, signature });
    }
}
