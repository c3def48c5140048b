using System.Net.Http.Headers;
using Boottify.Cluster;
using Boottify.Platform;

namespace Boottify.Routes;

public static class RoutesModule
{
    /// <summary>Registers <see cref="IEdge"/>.</summary>
    /// <exception cref="InvalidOperationException">A setting is missing or malformed; the message names it.</exception>
    public static IServiceCollection AddEdge(this IServiceCollection services, IConfiguration configuration)
    {
        var settings = new RequiredSettings(configuration);
        var url = settings.Read("BOOTTIFY_EDGE_URL", "the edge's own HTTP interface, or those of several with commas between");
        var token = settings.Read("BOOTTIFY_EDGE_TOKEN", "bearer token for it");
        settings.ThrowIfMissing();
        var addresses = url.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(one => RequiredSettings.HttpUrl("BOOTTIFY_EDGE_URL", one)).Distinct().ToList();
        if (addresses.Count == 0)
            throw new InvalidOperationException($"BOOTTIFY_EDGE_URL is '{url}', expected the URL of an edge, or several with commas between.");
        services.AddSingleton<OldConnections>();
        foreach (var address in addresses)
            services.AddEdgeClient(address, token);
        if (addresses.Count == 1)
            return services.AddTransient<IEdge>(provider => ClientOf(provider, addresses[0]));
        return services
            .AddSingleton(provider => new Edges([.. addresses.Select(one => new EdgeMember(one, () => ClientOf(provider, one), provider.GetRequiredService<ILogger<EdgeMember>>()))]))
            .AddSingleton<IEdge>(provider => provider.GetRequiredService<Edges>())
            .AddHostedService<EdgeCatchUp>();
    }

    private static EdgeClient ClientOf(IServiceProvider provider, Uri address) =>
        new(provider.GetRequiredService<IHttpClientFactory>().CreateClient(NameOf(address)), provider.GetRequiredService<TimeProvider>());

    private static string NameOf(Uri address) => $"edge {address}";

    private static void AddEdgeClient(this IServiceCollection services, Uri address, string token) =>
        services.AddHttpClient(NameOf(address), http =>
        {
            http.BaseAddress = address;
            http.Timeout = Timeout.InfiniteTimeSpan;
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        })
        // A put answers when nginx serves it, a get may wait for a certificate.
        .AddBoundedRetries(attempt: TimeSpan.FromSeconds(30), total: TimeSpan.FromSeconds(100));
}
