using Boottify.Contracts.Edge;

namespace Boottify.Routes;

/// <summary>The border to the edge service, which keeps what it is told on its own disk. Of several edges it makes one: see <see cref="Edges"/>.</summary>
public interface IEdge
{
    /// <summary>Tells what an app's route shall be; returns once nginx was seen serving it.</summary>
    /// <param name="instead">The upstream that it shall take the place of; null for any.</param>
    /// <exception cref="StaleRouteException">The edge has a newer one, or another upstream than that.</exception>
    /// <exception cref="TakenHostException">Another app has one of the hosts.</exception>
    Task<RouteStatus> PutRouteAsync(AppRoute route, CancellationToken cancellation, string? instead = null);

    /// <summary>How far the app's route is, or null if the edge has none. Waits up to <paramref name="wait"/> for a certificate that is on its way.</summary>
    Task<RouteStatus?> GetRouteAsync(string appId, TimeSpan wait, CancellationToken cancellation);

    /// <summary>
    /// From its return on, visitors' requests reach the app over connections made for each, for as long as <paramref name="atMost"/>:
    /// one that is kept would stay with a pod that goes. Ends by itself.
    /// </summary>
    /// <returns>False when the edge has no route for the app.</returns>
    Task<bool> BeginFreshConnectionsAsync(string appId, TimeSpan atMost, CancellationToken cancellation);

    /// <summary>Whether the interface of each edge answers within <paramref name="patience"/>.</summary>
    Task<bool> AllAnswerAsync(TimeSpan patience, CancellationToken cancellation);

    /// <summary>Waits until an address takes connections from where the edge is.</summary>
    /// <returns>False if it does not after <paramref name="patience"/>.</returns>
    Task<bool> ReachesAsync(string address, TimeSpan patience, CancellationToken cancellation);

    /// <summary>Has a certificate whose order failed tried now; where the edge does not, as the authority's limits forbid it, its own next attempt stays.</summary>
    Task RetryCertificateAsync(string host, CancellationToken cancellation);

    /// <summary>All routes that the edge holds, withdrawn ones left out.</summary>
    Task<IReadOnlyList<RouteStatus>> ListRoutesAsync(CancellationToken cancellation);

    /// <summary>Hosts that the app's route has at any edge, so that one that is in none of them may be another's.</summary>
    /// <exception cref="HttpRequestException">Not every edge answers.</exception>
    Task<IReadOnlyCollection<string>> HostsOnAnyAsync(string appId, CancellationToken cancellation);

    /// <summary>Withdraws the app's route and certificates, at every edge; one that is gone already is fine.</summary>
    Task DeleteRouteAsync(string appId, long version, CancellationToken cancellation);
}
