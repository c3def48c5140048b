using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Boottify.Dns;

/// <summary>The zone in PowerDNS, by its HTTP interface.</summary>
internal sealed class PowerDnsZone(HttpClient http, DnsSettings settings, ZoneTurn turn, NameServer nameServer) : IDnsZone
{
    private const int TimeToLiveSeconds = 60;

    private string ZonePath => $"api/v1/servers/localhost/zones/{settings.Zone}.";

    public async Task PublishAsync(string host, string address, CancellationToken cancellation)
    {
        settings.RequireOurs(host);
        var ip = DnsSettings.RequireAddress(address);

        await PatchAsync(new { name = $"{host}.", type = "A", ttl = TimeToLiveSeconds, changetype = "REPLACE", records = new[] { new { content = address, disabled = false } } }, cancellation);
        await nameServer.UntilAnswersAsync(host, ip, cancellation);
    }

    public async Task WithdrawAsync(string host, CancellationToken cancellation)
    {
        settings.RequireOurs(host);
        await PatchAsync(new { name = $"{host}.", type = "A", changetype = "DELETE" }, cancellation);
        await nameServer.UntilAnswersAsync(host, null, cancellation);
    }

    public async Task<IReadOnlyList<AddressRecord>> ListAsync(CancellationToken cancellation)
    {
        using var answer = await http.GetAsync(new Uri(ZonePath, UriKind.Relative), cancellation);
        await RequireSuccessAsync(answer, cancellation);
        var zone = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellation);
        return
        [
            .. zone.GetProperty("rrsets").EnumerateArray()
                .Where(set => set.GetProperty("type").GetString() == "A")
                .Select(set => new AddressRecord(
                    set.GetProperty("name").GetString()!.TrimEnd('.'),
                    [.. set.GetProperty("records").EnumerateArray().Select(record => record.GetProperty("content").GetString()!)]))
                .OrderBy(record => record.Host, StringComparer.Ordinal),
        ];
    }

    private async Task PatchAsync(object set, CancellationToken cancellation)
    {
        using var mine = await turn.TakeAsync(cancellation);
        using var answer = await http.PatchAsJsonAsync(new Uri(ZonePath, UriKind.Relative), new { rrsets = new[] { set } }, cancellation);
        await RequireSuccessAsync(answer, cancellation);
    }

    private async Task RequireSuccessAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.IsSuccessStatusCode)
            return;
        var said = await answer.Content.ReadAsStringAsync(cancellation);
        var words = answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized => "it does not know the key in BOOTTIFY_PDNS_KEY",
            HttpStatusCode.NotFound => $"it has no zone {settings.Zone}",
            _ => said.Length > 300 ? said[..300] : said,
        };
        throw new HttpRequestException($"PowerDNS answered {(int)answer.StatusCode} for zone {settings.Zone}: {words}", inner: null, answer.StatusCode);
    }
}

/// <summary>Writes to the zone go one after the other.</summary>
internal sealed class ZoneTurn() : Platform.Turns(1);
