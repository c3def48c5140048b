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
        var url = settings.Read("BOOTTIFY_EDGE_URL", "the edge's own HTTP interface");
        var token = settings.Read("BOOTTIFY_EDGE_TOKEN", "bearer token for it");
        settings.ThrowIfMissing();
        var address = RequiredSettings.HttpUrl("BOOTTIFY_EDGE_URL", url);
        services.AddSingleton<OldConnections>();
        services.AddHttpClient<IEdge, EdgeClient>(http =>
        {
            http.BaseAddress = address;
            http.Timeout = Timeout.InfiniteTimeSpan;
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        })
        // A put answers when nginx serves it, a get may wait for a certificate.
        .AddBoundedRetries(attempt: TimeSpan.FromSeconds(30), total: TimeSpan.FromSeconds(100));
        return services;
    }
}
