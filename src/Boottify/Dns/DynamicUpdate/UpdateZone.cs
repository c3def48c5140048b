using System.Net;

namespace Boottify.Dns.DynamicUpdate;

/// <summary>
/// The zone at any name server that takes dynamic updates (RFC 2136), signed with a TSIG key (RFC 8945). An update replaces or
/// removes the name's A and AAAA record sets and nothing else, in one message; what the zone has is read by a zone transfer.
/// </summary>
internal sealed class UpdateZone(UpdateServer server, DnsSettings settings, ZoneTurn turn, NameServer nameServer) : IDnsZone
{
    private const int TimeToLiveSeconds = 60;

    public async Task PublishAsync(string host, IReadOnlyCollection<IPAddress> addresses, CancellationToken cancellation)
    {
        settings.RequireOurs(host);
        DnsSettings.RequireAny(addresses);
        await UpdateAsync(host, addresses, cancellation);
    }

    public async Task WithdrawAsync(string host, CancellationToken cancellation)
    {
        settings.RequireOurs(host);
        await UpdateAsync(host, [], cancellation);
    }

    public async Task<IReadOnlyList<AddressRecord>> ListAsync(CancellationToken cancellation)
    {
        var transfer = new ZoneTransfer();
        await server.AskAsync(id => { transfer = new ZoneTransfer(); return WireRequest.Transfer(id, settings.Zone); }, records => transfer.Take(records), cancellation);
        return
        [
            .. transfer.Records
                .Where(record => record is { Class: RecordClass.Internet } and ({ Type: RecordType.A, Data.Length: 4 } or { Type: RecordType.Aaaa, Data.Length: 16 }))
                .OrderBy(record => record.Type)
                .GroupBy(record => record.Name, record => new IPAddress(record.Data.Span).ToString(), StringComparer.Ordinal)
                .Select(set => new AddressRecord(set.Key, [.. set]))
                .OrderBy(record => record.Host, StringComparer.Ordinal),
        ];
    }

    private async Task UpdateAsync(string host, IReadOnlyCollection<IPAddress> addresses, CancellationToken cancellation)
    {
        // A key that may write A records alone, as was enough once, is refused an update that names another type, also where there is nothing to remove.
        var clearsIPv6 = await nameServer.HasIPv6Async(host, cancellation);
        using (await turn.TakeAsync(cancellation))
            await server.AskAsync(id => WireRequest.Update(id, settings.Zone, host, addresses, clearsIPv6, TimeToLiveSeconds), _ => true, cancellation);
        // Sees what this look did not: it is tried again then.
        await nameServer.UntilAnswersAsync(host, addresses, cancellation);
    }
}
