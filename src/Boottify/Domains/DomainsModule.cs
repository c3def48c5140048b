using Boottify.Contracts.Edge;
using Boottify.Dns;

namespace Boottify.Domains;

public static class DomainsModule
{
    public static IServiceCollection AddDomains(this IServiceCollection services) => services
        .AddSingleton(provider => DomainSettings.From(provider.GetRequiredService<IConfiguration>()))
        .AddSingleton<ZoneServers>(provider => ServersOf(provider.GetRequiredService<DomainSettings>()))
        .AddSingleton<Preflight>()
        .AddSingleton(provider => new SelfCheckProof(provider.GetRequiredService<IConfiguration>()["BOOTTIFY_EDGE_TOKEN"] ?? ""))
        .AddSingleton<SelfCheck>()
        .AddTransient<DomainInspection>()
        .AddSingleton<DomainTable>()
        .AddSingleton<DomainClaims>()
        .AddSingleton<AddingTurns>()
        .AddSingleton<VerifySlots>()
        .AddTransient<DomainLook>()
        .AddTransient<AppDomains>()
        .AddTransient<DomainReturn>()
        .AddTransient<DomainViews>()
        .AddHostedService<DomainWatch>();

    public static void MapDomains(this IEndpointRouteBuilder api)
    {
        AddDomain.Map(api);
        GetDomains.Map(api);
        VerifyDomain.Map(api);
        RemoveDomain.Map(api);
    }

    private static ZoneServers ServersOf(DomainSettings settings) => new(settings.Resolver, settings.AuthorityPort, settings.PrivateServers);
}
