using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Boottify.Dns;

/// <summary>The zone in PowerDNS, by its HTTP interface.</summary>
internal sealed partial class PowerDnsZone(HttpClient http, DnsSettings settings, ZoneTurn turn, NameServer nameServer) : IDnsZone
{
    private const int TimeToLiveSeconds = 60;

    private string ZonePath => $"api/v1/servers/localhost/zones/{settings.Zone}.";

    public async Task PublishAsync(string host, string address, CancellationToken cancellation)
    {
        RequireOurs(host);
        if (!IPAddress.TryParse(address, out var ip) || ip.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork)
            throw new ArgumentException($"'{address}' is no IPv4 address.", nameof(address));

        await PatchAsync(new { name = $"{host}.", type = "A", ttl = TimeToLiveSeconds, changetype = "REPLACE", records = new[] { new { content = address, disabled = false } } }, cancellation);
        await nameServer.UntilAnswersAsync(host, ip, cancellation);
    }

    public async Task WithdrawAsync(string host, CancellationToken cancellation)
    {
        RequireOurs(host);
        await PatchAsync(new { name = $"{host}.", type = "A", changetype = "DELETE" }, cancellation);
    }

    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellation)
    {
        using var answer = await http.GetAsync(new Uri(ZonePath, UriKind.Relative), cancellation);
        await RequireSuccessAsync(answer, cancellation);
        var zone = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellation);
        return
        [
            .. zone.GetProperty("rrsets").EnumerateArray()
                .Where(set => set.GetProperty("type").GetString() == "A")
                .Select(set => set.GetProperty("name").GetString()!.TrimEnd('.'))
                .Order(StringComparer.Ordinal),
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

    private void RequireOurs(string host)
    {
        if (host.Length > 253 || !HostName().IsMatch(host) || !host.EndsWith($".{settings.Zone}", StringComparison.Ordinal))
            throw new ArgumentException($"'{host}' is no host under {settings.Zone}.", nameof(host));
    }

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex HostName();
}

/// <summary>Writes to the zone go one after the other.</summary>
internal sealed class ZoneTurn : IDisposable
{
    private readonly SemaphoreSlim one = new(1, 1);

    public async Task<IDisposable> TakeAsync(CancellationToken cancellation)
    {
        await one.WaitAsync(cancellation);
        return new Held(one);
    }

    public void Dispose() => one.Dispose();

    private sealed class Held(SemaphoreSlim one) : IDisposable
    {
        public void Dispose() => one.Release();
    }
}
