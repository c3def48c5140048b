using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Boottify.Dns.DynamicUpdate;

/// <summary>One request and what is answered to it, signed with one key (RFC 8945). The answer may be several messages.</summary>
internal sealed class TsigSession(TsigKey key, TimeProvider time)
{
    private const int MostUnsigned = 99;

    /// <summary>Seconds by which the clocks may differ (section 10).</summary>
    private const int Fudge = 300;

    private readonly List<byte[]> unsigned = [];
    private byte[] mac = [];
    private bool first = true;

    /// <summary>Whether all that was answered so far is verified.</summary>
    public bool Verified => !first && unsigned.Count == 0;

    /// <returns>The request with the TSIG record at its end.</returns>
    public byte[] Sign(WireRequest request)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Secret);
        hash.AppendData(request.Bytes);
        hash.AppendData(Variables(now, Fudge, error: 0, other: []));
        mac = hash.GetHashAndReset();

        var data = new WireWriter().Name(TsigKey.Algorithm).U48(now).U16(Fudge).U16(mac.Length).Bytes(mac).U16(request.Id).U16(0).U16(0).Written;
        var signed = new WireWriter().Bytes(request.Bytes)
            .Name(key.Name).U16(RecordType.Tsig).U16(RecordClass.Any).U32(0).U16(data.Length).Bytes(data).Written.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(signed.AsSpan(10), (ushort)(BinaryPrimitives.ReadUInt16BigEndian(signed.AsSpan(10)) + 1));
        return signed;
    }

    /// <summary>Takes the next message of the answer. Messages between the first and the last may come without a signature, and are covered by the next one that has it (section 5.3.1).</summary>
    /// <exception cref="ZoneRefusedException">The signature is missing or wrong, or the name server found ours to be.</exception>
    public void Verify(WireMessage answer)
    {
        if (answer.Tsig is null)
        {
            if (first || unsigned.Count == MostUnsigned)
                throw new ZoneRefusedException("its answer is not signed, so that anybody may have sent it");
            unsigned.Add(answer.Bytes);
            return;
        }

        var tsig = TsigData.Read(answer);
        if (answer.Tsig.Name != key.Name || tsig.Algorithm != TsigKey.Algorithm)
            throw new ZoneRefusedException($"its answer is signed with {answer.Tsig.Name} by {tsig.Algorithm}, not with {key.Name} by {TsigKey.Algorithm}");
        if (TsigErrors.Words(tsig, key.Name, time.GetUtcNow()) is { } words && tsig.Mac.Length == 0)
            throw new ZoneRefusedException(words);
        if (!CryptographicOperations.FixedTimeEquals(Expected(answer, tsig), tsig.Mac.Span))
            throw new ZoneRefusedException("the signature of its answer is not made with our key, so that anybody may have sent it");
        if (TsigErrors.Words(tsig, key.Name, time.GetUtcNow()) is { } said)
            throw new ZoneRefusedException(said);
        if (Math.Abs(time.GetUtcNow().ToUnixTimeSeconds() - tsig.Signed) > tsig.Fudge)
            throw new ZoneRefusedException($"its answer was signed at {DateTimeOffset.FromUnixTimeSeconds(tsig.Signed):u}, and here it is {time.GetUtcNow():u}: set the clocks of both right");
        (mac, first) = (tsig.Mac.ToArray(), false);
        unsigned.Clear();
    }

    private byte[] Expected(WireMessage answer, TsigData tsig)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Secret);
        hash.AppendData(new WireWriter().U16(mac.Length).Bytes(mac).Written);
        foreach (var earlier in unsigned)
            hash.AppendData(earlier);

        // As it was before it was signed: without the TSIG record, under the id that it had then.
        var bytes = answer.Bytes[..answer.Tsig!.Start];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, tsig.OriginalId);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(10), (ushort)(BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(10)) - 1));
        hash.AppendData(bytes);
        hash.AppendData(first ? Variables(tsig.Signed, tsig.Fudge, tsig.Error, tsig.Other.Span) : new WireWriter().U48(tsig.Signed).U16(tsig.Fudge).Written);
        return hash.GetHashAndReset();
    }

    private ReadOnlySpan<byte> Variables(long signed, int fudge, int error, ReadOnlySpan<byte> other) => new WireWriter()
        .Name(key.Name).U16(RecordClass.Any).U32(0).Name(TsigKey.Algorithm).U48(signed).U16(fudge).U16(error).U16(other.Length).Bytes(other).Written;
}
