using System.Globalization;

namespace Boottify.Dns.DynamicUpdate;

/// <summary>The data of a TSIG record (RFC 8945, section 4.2).</summary>
/// <param name="Signed">Seconds since 1970.</param>
/// <param name="Fudge">Seconds by which it may be off.</param>
/// <param name="Other">The server's time, six bytes, of a BADTIME.</param>
internal sealed record TsigData(string Algorithm, long Signed, int Fudge, ReadOnlyMemory<byte> Mac, ushort OriginalId, int Error, ReadOnlyMemory<byte> Other)
{
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public static TsigData Read(WireMessage message)
    {
        var reader = new WireReader(message.Bytes, message.Tsig!.DataStart);
        var (algorithm, signed, fudge) = (reader.Name(), reader.U48(), reader.U16());
        var mac = reader.Bytes(reader.U16()).ToArray();
        var (id, error) = ((ushort)reader.U16(), reader.U16());
        var other = reader.Bytes(reader.U16()).ToArray();
        return reader.Position == message.Bytes.Length
            ? new TsigData(algorithm, signed, fudge, mac, id, error, other)
            : throw new InvalidDataException("its signature does not end where it should");
    }
}

internal static class TsigErrors
{
    /// <returns>What is wrong with our signature in the name server's view; null if nothing is.</returns>
    public static string? Words(TsigData tsig, string keyName, DateTimeOffset now) => tsig.Error switch
    {
        0 => null,
        16 => $"BADSIG: it knows the key {keyName} with another secret than {UpdateSettings.KeySecret}",
        17 => $"BADKEY: it does not know the key {keyName} of {UpdateSettings.KeyName}, or not for {TsigKey.Algorithm}",
        18 => $"BADTIME: its clock says {ServerTime(tsig)}, and here it is {now:u}. Set both right",
        22 => "BADTRUNC: it takes no signature of this length",
        var other => string.Create(CultureInfo.InvariantCulture, $"the signature was refused with error {other}"),
    };

    private static string ServerTime(TsigData tsig) =>
        tsig.Other.Length == 6 && new WireReader(tsig.Other.Span, 0).U48() is var seconds && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? $"{DateTimeOffset.FromUnixTimeSeconds(seconds):u}"
            : "something else";
}
