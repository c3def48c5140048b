using System.Net;
using Boottify.Platform;

namespace Boottify.Dns.DynamicUpdate;

/// <summary>What a name server is asked, not signed yet.</summary>
/// <param name="Id">That the answer has to have.</param>
internal sealed record WireRequest(int Id, int Opcode, byte[] Bytes)
{
    public const int QueryOpcode = 0;
    public const int UpdateOpcode = 5;

    /// <summary>
    /// In one message, which a name server carries out wholly or not at all (RFC 2136, section 3.4.2): the name's A and
    /// AAAA record sets go, and come back with these addresses.
    /// </summary>
    /// <param name="addresses">Of both types; none: nothing comes back.</param>
    /// <param name="clearsIPv6">Whether the name may have AAAA records though none is among the addresses.</param>
    /// <param name="timeToLive">In seconds.</param>
    public static WireRequest Update(int id, string zone, string host, IReadOnlyCollection<IPAddress> addresses, bool clearsIPv6, uint timeToLive)
    {
        var types = clearsIPv6 || addresses.Any(address => !address.IsIPv4()) ? new[] { RecordType.A, RecordType.Aaaa } : [RecordType.A];
        var writer = Header(id, UpdateOpcode, changes: types.Length + addresses.Count)
            .Name(zone).U16(RecordType.Soa).U16(RecordClass.Internet);
        // Section 2.5.2, "delete an RRset": class ANY, no time to live, no data.
        foreach (var type in types)
            writer.Name(host).U16(type).U16(RecordClass.Any).U32(0).U16(0);
        foreach (var address in addresses)
        {
            var data = address.GetAddressBytes();
            writer.Name(host).U16(address.IsIPv4() ? RecordType.A : RecordType.Aaaa).U16(RecordClass.Internet).U32(timeToLive).U16(data.Length).Bytes(data);
        }

        return new WireRequest(id, UpdateOpcode, writer.Written.ToArray());
    }

    /// <summary>All records of the zone (RFC 5936).</summary>
    public static WireRequest Transfer(int id, string zone) =>
        new(id, QueryOpcode, Header(id, QueryOpcode, changes: 0).Name(zone).U16(RecordType.ZoneTransfer).U16(RecordClass.Internet).Written.ToArray());

    private static WireWriter Header(int id, int opcode, int changes) =>
        new WireWriter().U16(id).U16(opcode << 11).U16(1).U16(0).U16(changes).U16(0);
}
