namespace Boottify.Dns.DynamicUpdate;

/// <summary>The records of a zone, from messages that begin and end with its SOA record (RFC 5936, section 2.2).</summary>
internal sealed class ZoneTransfer
{
    private readonly List<WireRecord> records = [];
    private int ends;

    public IReadOnlyList<WireRecord> Records => records;

    /// <returns>Whether it is complete.</returns>
    /// <exception cref="InvalidDataException">It does not begin as a transfer does.</exception>
    public bool Take(IReadOnlyList<WireRecord> next)
    {
        if (ends == 0 && next is not [{ Type: RecordType.Soa }, ..])
            throw new InvalidDataException("a zone's transfer begins with its SOA record, and this does not");
        records.AddRange(next);
        ends += next.Count(record => record.Type == RecordType.Soa);
        return ends >= 2;
    }
}
