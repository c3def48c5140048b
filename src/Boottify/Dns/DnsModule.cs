using System.Net;
using Boottify.Cluster;

namespace Boottify.Dns;

/// <param name="Zone">Lower case, without a trailing dot.</param>
internal sealed record DnsSettings(string Zone, IPAddress NameServer, int NameServerPort);

public static class DnsModule
{
    /// <summary>Registers <see cref="IDnsZone"/>.</summary>
    /// <exception cref="InvalidOperationException">A setting is missing or malformed; the message names it.</exception>
    public static IServiceCollection AddDnsZone(this IServiceCollection services, IConfiguration configuration)
    {
        var settings = new RequiredSettings(configuration);
        var url = settings.Read("BOOTTIFY_PDNS_URL", "the PowerDNS HTTP interface");
        var key = settings.Read("BOOTTIFY_PDNS_KEY", "its key");
        var server = settings.Read("BOOTTIFY_DNS", "host:port of the name server");
        var zone = settings.Read("BOOTTIFY_DOMAIN", "zone under which apps get their host");
        settings.ThrowIfMissing();

        var (host, port) = RequiredSettings.HostAndPort("BOOTTIFY_DNS", server);
        if (!IPAddress.TryParse(host, out var address))
            throw new InvalidOperationException($"BOOTTIFY_DNS is '{server}', expected an IP address and a port.");
        services.AddSingleton(new DnsSettings(zone.TrimEnd('.').ToLowerInvariant(), address, port));
        services.AddSingleton<NameServer>();
        services.AddSingleton<ZoneTurn>();
        services.AddHttpClient<IDnsZone, PowerDnsZone>(http =>
        {
            http.BaseAddress = RequiredSettings.HttpUrl("BOOTTIFY_PDNS_URL", url);
            http.Timeout = Timeout.InfiniteTimeSpan;
            http.DefaultRequestHeaders.Add("X-API-Key", key);
        })
        .AddStandardResilienceHandler(resilience =>
        {
            resilience.AttemptTimeout.Timeout = TimeSpan.FromSeconds(5);
            resilience.TotalRequestTimeout.Timeout = TimeSpan.FromSeconds(30);
        });
        return services;
    }
}
