using System.Security.Cryptography;
using System.Text;

namespace Boottify.Edge.Peers;

/// <summary>
/// Closes what goes into the database, so that whoever reads it, or a copy of it, has no key and no answer (AES-256-GCM).
/// Bound to its place: a sealed text that was moved to another row does not open there.
/// </summary>
public sealed class Seal(PeerSettings settings)
{
    private const byte Format = 1;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int HeadLength = 1 + NonceLength + TagLength;

    /// <param name="place">Table and key of the row.</param>
    public byte[] Close(string text, string place)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var closed = new byte[HeadLength + plain.Length];
        closed[0] = Format;
        RandomNumberGenerator.Fill(closed.AsSpan(1, NonceLength));
        using var cipher = new AesGcm(settings.Key, TagLength);
        cipher.Encrypt(closed.AsSpan(1, NonceLength), plain, closed.AsSpan(HeadLength), closed.AsSpan(1 + NonceLength, TagLength), Encoding.UTF8.GetBytes(place));
        CryptographicOperations.ZeroMemory(plain);
        return closed;
    }

    /// <exception cref="CryptographicException">Closed with another key or for another place, or changed since.</exception>
    public string Open(byte[] closed, string place)
    {
        if (closed.Length < HeadLength || closed[0] != Format) throw new CryptographicException("It is nothing that an edge has sealed.");
        var plain = new byte[closed.Length - HeadLength];
        using var cipher = new AesGcm(settings.Key, TagLength);
        cipher.Decrypt(closed.AsSpan(1, NonceLength), closed.AsSpan(HeadLength), closed.AsSpan(1 + NonceLength, TagLength), plain, Encoding.UTF8.GetBytes(place));
        return Encoding.UTF8.GetString(plain);
    }
}
