using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;
using Boottify.Edge.Challenges;
using Boottify.Edge.Dns;
using Boottify.Edge.Files;
using Boottify.Edge.Http;
using Boottify.Edge.Nginx;
using Boottify.Edge.Peers;
using Boottify.Edge.Routes;

namespace Boottify.Edge;

/// <summary>Which parts there are, and in which order they start.</summary>
public static class EdgeServices
{
    public static void AddEdge(this IServiceCollection services, EdgeSettings settings, EdgeFolders folders)
    {
        services.AddSingleton(settings).AddSingleton(folders).AddSingleton(TimeProvider.System);
        services.AddSingleton<DesiredState>().AddSingleton<RouteService>().AddSingleton<FreshConnections>();
        services.AddSingleton<NginxConfiguration>().AddSingleton<Generations>().AddSingleton<NginxProcess>().AddSingleton<NginxErrorLog>().AddSingleton<GenerationProbe>()
            .AddSingleton<LiveRoutes>().AddSingleton<NginxApplier>();
        services.AddSingleton<Http01Answers>().AddSingleton<SelfCheckAnswers>().AddSingleton<ChallengeAnswers>();
        if (settings.Zone is { } zone)
        {
            services.AddSingleton(provider => new ChallengeZone(zone, provider.GetRequiredService<TimeProvider>())).AddSingleton<Dns01Answers>();
            services.AddHostedService(provider => provider.GetRequiredService<Dns01Answers>());
        }

        services.AddSingleton(provider => RegisteredDomains.Read(settings.PublicSuffixList, provider.GetRequiredService<ILogger<RegisteredDomains>>()));
        if (settings.Peers is { } peers)
            services.AddSingleton(peers).AddSingleton<Seal>().AddSingleton<SharedDatabase>().AddSingleton<SharedChallenges>().AddSingleton<NameLeases>()
                .AddSingleton<SharedCertificates>().AddSingleton<SharedTroubles>().AddSingleton<SharedUses>().AddSingleton<SharedLimits>().AddSingleton<OneIssuer>();

        services.AddSingleton(AuthoritiesOf);
        services.AddSingleton<OrderAttempt>().AddSingleton<CertificateStore>().AddSingleton<HandshakeProbe>().AddSingleton<CertificateIssuer>().AddSingleton<CertificateKeeper>();
        services.AddHostedService<EdgeStart>();
        services.AddHostedService(provider => provider.GetRequiredService<NginxApplier>());
        services.AddHostedService(provider => provider.GetRequiredService<CertificateKeeper>());
        services.AddHostedService(provider => provider.GetRequiredService<FreshConnections>());
        services.AddHostedService<RenewalWindows>();
        if (settings.Peers is not null) services.AddHostedService<CertificateExchange>();
        services.AddProblemDetails();
    }

    private static Authorities AuthoritiesOf(IServiceProvider provider)
    {
        Authority Make(AuthoritySettings settings) => ActivatorUtilities.CreateInstance<Authority>(provider, settings);
        var settings = provider.GetRequiredService<EdgeSettings>();
        return new Authorities([.. settings.Authorities.Select(Make)], settings.StagingAuthority is { } staging ? Make(staging) : null);
    }
}
