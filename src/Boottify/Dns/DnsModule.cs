using System.Net;
using Boottify.Cluster;
using Boottify.Dns.DynamicUpdate;
using Boottify.Platform;

namespace Boottify.Dns;

public static class DnsModule
{
    /// <summary>
    /// Registers <see cref="IDnsZone"/>: by dynamic update where a server for it is named, else by PowerDNS' HTTP interface. Both
    /// may be named, as the edge writes its challenges by PowerDNS alone.
    /// </summary>
    /// <exception cref="InvalidOperationException">A setting is missing or malformed; the message names it.</exception>
    public static IServiceCollection AddDnsZone(this IServiceCollection services, IConfiguration configuration)
    {
        var settings = new RequiredSettings(configuration);
        var server = settings.Read("BOOTTIFY_DNS", "host:port of the name server");
        var zone = settings.Read("BOOTTIFY_DOMAIN", "zone under which apps get their host");
        var add = UpdateSettings.From(settings) is { } update ? Updates(update) : PowerDns(settings);
        settings.ThrowIfMissing();

        var (host, port) = RequiredSettings.HostAndPort("BOOTTIFY_DNS", server);
        if (!IPAddress.TryParse(host, out var address))
            throw new InvalidOperationException($"BOOTTIFY_DNS is '{server}', expected an IP address and a port.");
        services.AddSingleton(new DnsSettings(zone.TrimEnd('.').ToLowerInvariant(), address, port));
        services.AddSingleton<NameServer>();
        services.AddSingleton<ZoneTurn>();
        add(services);
        return services;
    }

    private static Action<IServiceCollection> Updates(UpdateSettings update) =>
        services => services.AddSingleton(update).AddSingleton<UpdateServer>().AddTransient<IDnsZone, UpdateZone>();

    private static Action<IServiceCollection> PowerDns(RequiredSettings settings)
    {
        var url = settings.Read("BOOTTIFY_PDNS_URL", "the PowerDNS HTTP interface");
        var key = settings.Read("BOOTTIFY_PDNS_KEY", "its key");
        return services => services
            .AddHttpClient<IDnsZone, PowerDnsZone>(http =>
            {
                http.BaseAddress = RequiredSettings.HttpUrl("BOOTTIFY_PDNS_URL", url);
                http.Timeout = Timeout.InfiniteTimeSpan;
                http.DefaultRequestHeaders.Add("X-API-Key", key);
            })
            .AddBoundedRetries(attempt: TimeSpan.FromSeconds(5), total: TimeSpan.FromSeconds(30));
    }
}
