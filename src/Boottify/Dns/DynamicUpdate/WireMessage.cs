namespace Boottify.Dns.DynamicUpdate;

/// <param name="Start">Where it begins in the message.</param>
/// <param name="DataStart">Where its data begins, which may point back into the message.</param>
internal sealed record WireRecord(string Name, int Type, int Class, ReadOnlyMemory<byte> Data, int Start, int DataStart);

/// <summary>A message of a name server, taken apart as far as it is needed here.</summary>
/// <param name="Records">Of all sections behind the question.</param>
/// <param name="Tsig">The last record of the last section, where it is one; not among <paramref name="Records"/>.</param>
internal sealed record WireMessage(byte[] Bytes, int Id, int Flags, IReadOnlyList<WireRecord> Records, WireRecord? Tsig)
{
    public const int HeaderLength = 12;

    public bool IsResponse => (Flags & 0x8000) != 0;

    public int Opcode => (Flags >> 11) & 0xf;

    public int ResponseCode => Flags & 0xf;

    /// <exception cref="InvalidDataException">It is no DNS message.</exception>
    public static WireMessage Parse(byte[] bytes)
    {
        var reader = new WireReader(bytes, 0);
        var (id, flags, questions) = (reader.U16(), reader.U16(), reader.U16());
        var (first, second, additional) = (reader.U16(), reader.U16(), reader.U16());
        for (var i = 0; i < questions; i++)
        {
            reader.Name();
            reader.Bytes(4);
        }

        var records = new List<WireRecord>();
        for (var i = 0; i < first + second + additional; i++)
        {
            var start = reader.Position;
            var name = reader.Name();
            var (type, @class) = (reader.U16(), reader.U16());
            reader.U32();
            var length = reader.U16();
            var dataStart = reader.Position;
            reader.Bytes(length);
            records.Add(new WireRecord(name, type, @class, bytes.AsMemory(dataStart, length), start, dataStart));
        }

        if (reader.Position != bytes.Length)
            throw new InvalidDataException("something follows its end");
        if (records.FindIndex(record => record.Type == RecordType.Tsig) is var tsig && tsig < 0)
            return new WireMessage(bytes, id, flags, records, null);
        // RFC 8945, section 5.1: a TSIG that is not the last of the additional section makes the message malformed.
        return tsig == records.Count - 1 && additional > 0
            ? new WireMessage(bytes, id, flags, records[..tsig], records[tsig])
            : throw new InvalidDataException("its signature is not at its end");
    }
}

/// <summary>Numbers of record types.</summary>
internal static class RecordType
{
    public const int A = 1;
    public const int Soa = 6;
    public const int Aaaa = 28;
    public const int Tsig = 250;
    public const int ZoneTransfer = 252;
}

/// <summary>Numbers of classes.</summary>
internal static class RecordClass
{
    public const int Internet = 1;
    public const int Any = 255;
}
