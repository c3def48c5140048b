using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Boottify.Dns.DynamicUpdate;

namespace Boottify.Tests.Dns;

/// <summary>A name server's side of RFC 8945, written from its section 4.3 and not from the code under test.</summary>
internal static class Signer
{
    public const string Secret = "Ym9vdHRpZnktdGVzdC1rZXktb2YtMzItYnl0ZXMhISE=";
    public const long Now = 1_750_000_000;

    public static byte[] Name(string name) =>
        [.. name.Split('.').SelectMany(label => new[] { (byte)label.Length }.Concat(Encoding.ASCII.GetBytes(label))), 0];

    /// <summary>An answer to an update, without records.</summary>
    public static byte[] Answer(int id = 0x1234, int code = 0) =>
        [(byte)(id >> 8), (byte)id, 0xa8, (byte)code, 0, 1, 0, 0, 0, 0, 0, 0, .. Name("apps.test"), 0, 6, 0, 1];

    /// <param name="before">What the last signature was, of the request or of the message before.</param>
    /// <param name="unsigned">Messages since then that had none.</param>
    /// <param name="timers">Not the first of several: the short form is signed.</param>
    /// <param name="mac">Put in place of the right one.</param>
    public static (WireMessage Message, byte[] Mac) Sign(
        byte[] message, byte[] before, string key = "boottify", string secret = Secret, long signed = Now, int error = 0, byte[]? other = null,
        byte[][]? unsigned = null, bool timers = false, byte[]? mac = null, string algorithm = "hmac-sha256")
    {
        other ??= [];
        byte[] times = [.. Number(signed, 6), .. Number(300, 2)];
        byte[] variables = timers ? times : [.. Name(key), 0, 255, 0, 0, 0, 0, .. Name(algorithm), .. times, .. Number(error, 2), .. Number(other.Length, 2), .. other];
        byte[] covered = [.. Number(before.Length, 2), .. before, .. (unsigned ?? []).SelectMany(m => m), .. message, .. variables];
        mac ??= HMACSHA256.HashData(Convert.FromBase64String(secret), covered);
        byte[] data = [.. Name(algorithm), .. times, .. Number(mac.Length, 2), .. mac, .. message[..2], .. Number(error, 2), .. Number(other.Length, 2), .. other];
        byte[] whole = [.. message, .. Name(key), 0, 250, 0, 255, 0, 0, 0, 0, .. Number(data.Length, 2), .. data];
        whole[11]++;
        return (WireMessage.Parse(whole), mac);
    }

    public static byte[] Number(long value, int bytes)
    {
        var eight = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(eight, value);
        return eight[^bytes..];
    }
}
