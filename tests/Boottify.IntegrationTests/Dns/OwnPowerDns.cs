using System.Diagnostics;
using CliWrap;

namespace Boottify.IntegrationTests.Dns;

/// <summary>PowerDNS without its HTTP interface.</summary>
public sealed class OwnPowerDns : OwnNameServer
{
    private string Database => Path.Combine(Folder, "zones.db");

    private string Configuration => $"""
        launch=gsqlite3
        gsqlite3-database={Database}
        gsqlite3-pragma-synchronous=0
        local-address=127.0.0.1
        local-port={Port}
        socket-dir={Folder}
        dnsupdate=yes
        allow-dnsupdate-from=127.0.0.1
        allow-axfr-ips=
        cache-ttl=0
        negquery-cache-ttl=0
        query-cache-ttl=0
        zone-cache-refresh-interval=0
        daemon=no
        guardian=no
        disable-syslog=yes
        security-poll-suffix=
        """;

    public override Task AddAsync(string host, string type, string content) => UtilityAsync("add-record", Zone, host[..^(Zone.Length + 1)], type, "60", content);

    protected override async Task<ProcessStartInfo> ConfigureAsync(CancellationToken cancellation)
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, "pdns.conf"), Configuration, cancellation);
        return new ProcessStartInfo("pdns_server", [$"--config-dir={Folder}"]);
    }

    protected override async Task MakeZonesAsync()
    {
        await RunAsync("sqlite3", [Database], PipeSource.FromFile("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"));
        await File.WriteAllTextAsync(Path.Combine(Folder, "pdns.conf"), Configuration);
        await UtilityAsync("create-zone", Zone, $"ns1.{Zone}");
        await UtilityAsync("create-zone", ClosedZone, $"ns1.{Zone}");
        await UtilityAsync("import-tsig-key", KeyName, "hmac-sha256", Key);
        await UtilityAsync("import-tsig-key", StrangerName, "hmac-sha256", Key);
        await UtilityAsync("set-meta", Zone, "TSIG-ALLOW-DNSUPDATE", KeyName);
        await UtilityAsync("set-meta", Zone, "TSIG-ALLOW-AXFR", KeyName);
        await UtilityAsync("set-meta", ClosedZone, "TSIG-ALLOW-DNSUPDATE", "nobody");
    }

    private Task UtilityAsync(params string[] arguments) => RunAsync("pdnsutil", [$"--config-dir={Folder}", .. arguments], PipeSource.Null);
}
