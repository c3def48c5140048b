using System.Net;

namespace Boottify.Dns.DynamicUpdate;

/// <summary>
/// The zone at any name server that takes dynamic updates (RFC 2136), signed with a TSIG key (RFC 8945). An update replaces or
/// removes the name's A record set and nothing else, in one message; what the zone has is read by a zone transfer.
/// </summary>
internal sealed class UpdateZone(UpdateServer server, DnsSettings settings, ZoneTurn turn, NameServer nameServer) : IDnsZone
{
    private const int TimeToLiveSeconds = 60;

    public async Task PublishAsync(string host, string address, CancellationToken cancellation)
    {
        settings.RequireOurs(host);
        var ip = DnsSettings.RequireAddress(address);
        await UpdateAsync(host, ip, cancellation);
        await nameServer.UntilAnswersAsync(host, ip, cancellation);
    }

    public async Task WithdrawAsync(string host, CancellationToken cancellation)
    {
        settings.RequireOurs(host);
        await UpdateAsync(host, null, cancellation);
        await nameServer.UntilAnswersAsync(host, null, cancellation);
    }

    public async Task<IReadOnlyList<AddressRecord>> ListAsync(CancellationToken cancellation)
    {
        var transfer = new ZoneTransfer();
        await server.AskAsync(id => { transfer = new ZoneTransfer(); return WireRequest.Transfer(id, settings.Zone); }, records => transfer.Take(records), cancellation);
        return
        [
            .. transfer.Records
                .Where(record => record is { Type: RecordType.A, Class: RecordClass.Internet, Data.Length: 4 })
                .GroupBy(record => record.Name, record => new IPAddress(record.Data.Span).ToString(), StringComparer.Ordinal)
                .Select(set => new AddressRecord(set.Key, [.. set]))
                .OrderBy(record => record.Host, StringComparer.Ordinal),
        ];
    }

    private async Task UpdateAsync(string host, IPAddress? address, CancellationToken cancellation)
    {
        using var mine = await turn.TakeAsync(cancellation);
        await server.AskAsync(id => WireRequest.Update(id, settings.Zone, host, address, TimeToLiveSeconds), _ => true, cancellation);
    }
}
