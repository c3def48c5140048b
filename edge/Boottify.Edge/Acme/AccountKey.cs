using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Boottify.Edge.Acme;

/// <summary>An ACME account's P-256 key: signs requests as ES256 and names itself by its JWK (RFC 7517) and thumbprint (RFC 7638).</summary>
public sealed class AccountKey : IDisposable
{
    private readonly ECDsa _key;

    private AccountKey(ECDsa key)
    {
        _key = key;
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        // Members in this order and without spaces: the thumbprint is taken over these very bytes.
        Jwk = $$"""{"crv":"P-256","kty":"EC","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""";
        Thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Jwk)));
    }

    /// <summary>The public key as JSON.</summary>
    public string Jwk { get; }

    public string Thumbprint { get; }

    public static AccountKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public static AccountKey FromPem(string pem)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return new AccountKey(key);
    }

    public string ToPem() => _key.ExportPkcs8PrivateKeyPem();

    /// <summary>An ES256 signature: r and s, 32 bytes each (RFC 7518, 3.4), not the ASN.1 form that TLS uses.</summary>
    public byte[] Sign(byte[] data) => _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <summary>What an HTTP-01 challenge's token is answered with (RFC 8555, 8.1).</summary>
    public string KeyAuthorization(string token) => $"{token}.{Thumbprint}";

    public void Dispose() => _key.Dispose();
}
