using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Platform;

namespace Boottify.Dns;

/// <summary>The zone in PowerDNS, by its HTTP interface.</summary>
internal sealed class PowerDnsZone(HttpClient http, DnsSettings settings, ZoneTurn turn, NameServer nameServer) : IDnsZone
{
    private const int TimeToLiveSeconds = 60;

    private string ZonePath => $"api/v1/servers/localhost/zones/{settings.Zone}.";

    public async Task PublishAsync(string host, IReadOnlyCollection<IPAddress> addresses, CancellationToken cancellation)
    {
        settings.RequireOurs(host);
        DnsSettings.RequireAny(addresses);
        await SetAsync(host, addresses, cancellation);
    }

    public async Task WithdrawAsync(string host, CancellationToken cancellation)
    {
        settings.RequireOurs(host);
        await SetAsync(host, [], cancellation);
    }

    public async Task<IReadOnlyList<AddressRecord>> ListAsync(CancellationToken cancellation)
    {
        using var answer = await http.GetAsync(new Uri(ZonePath, UriKind.Relative), cancellation);
        await RequireSuccessAsync(answer, cancellation);
        var zone = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellation);
        return
        [
            .. zone.GetProperty("rrsets").EnumerateArray()
                .Where(set => set.GetProperty("type").GetString() is "A" or "AAAA")
                .OrderBy(set => set.GetProperty("type").GetString(), StringComparer.Ordinal)
                .GroupBy(
                    set => set.GetProperty("name").GetString()!.TrimEnd('.'),
                    set => set.GetProperty("records").EnumerateArray().Select(record => IPAddress.Parse(record.GetProperty("content").GetString()!).ToString()),
                    StringComparer.Ordinal)
                .Select(sets => new AddressRecord(sets.Key, [.. sets.SelectMany(addresses => addresses)]))
                .OrderBy(record => record.Host, StringComparer.Ordinal),
        ];
    }

    /// <summary>Both record sets in one change, which PowerDNS makes wholly or not at all.</summary>
    private async Task SetAsync(string host, IReadOnlyCollection<IPAddress> addresses, CancellationToken cancellation)
    {
        object[] sets = [Set("A", addresses.Where(address => address.IsIPv4())), Set("AAAA", addresses.Where(address => !address.IsIPv4()))];
        using (await turn.TakeAsync(cancellation))
        {
            using var answer = await http.PatchAsJsonAsync(new Uri(ZonePath, UriKind.Relative), new { rrsets = sets }, cancellation);
            await RequireSuccessAsync(answer, cancellation);
        }

        await nameServer.UntilAnswersAsync(host, addresses, cancellation);

        object Set(string type, IEnumerable<IPAddress> all) => all.Select(address => new { content = address.ToString(), disabled = false }).ToArray() is { Length: > 0 } records
            ? new { name = $"{host}.", type, ttl = TimeToLiveSeconds, changetype = "REPLACE", records }
            : new { name = $"{host}.", type, changetype = "DELETE" };
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
