using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;
using Boottify.Edge.Challenges;
using Boottify.Edge.Files;
using Boottify.Edge.Http;
using Boottify.Edge.Nginx;
using Boottify.Edge.Routes;

namespace Boottify.Edge;

/// <summary>Which parts there are, and in which order they start.</summary>
public static class EdgeServices
{
    public static void AddEdge(this IServiceCollection services, EdgeSettings settings, EdgeFolders folders)
    {
        services.AddSingleton(settings).AddSingleton(folders).AddSingleton(TimeProvider.System);
        services.AddSingleton<DesiredState>().AddSingleton<RouteService>();
        services.AddSingleton<NginxConfiguration>().AddSingleton<Generations>().AddSingleton<NginxProcess>().AddSingleton<GenerationProbe>()
            .AddSingleton<LiveRoutes>().AddSingleton<NginxApplier>();
        services.AddSingleton<Http01Answers>();
        services.AddSingleton(provider => new AcmeTransport(AcmeHttp.Create(settings.AcmeCa), settings.AcmeDirectory, provider.GetRequiredService<TimeProvider>()));
        var account = AcmeAccount.FolderOf(folders, settings.AcmeDirectory);
        services.AddSingleton(provider => new AcmeAccount(provider.GetRequiredService<AcmeTransport>(), settings, account, provider.GetRequiredService<ILogger<AcmeAccount>>()));
        services.AddSingleton(new PendingOrders(Path.Combine(account, "orders")));
        services.AddSingleton<CertificateOrder>().AddSingleton<CertificateStore>().AddSingleton<HandshakeProbe>().AddSingleton<CertificateIssuer>().AddSingleton<CertificateKeeper>();
        services.AddHostedService<EdgeStart>();
        services.AddHostedService(provider => provider.GetRequiredService<NginxApplier>());
        services.AddHostedService(provider => provider.GetRequiredService<CertificateKeeper>());
        services.AddHostedService<RenewalWindows>();
        services.AddProblemDetails();
    }
}
