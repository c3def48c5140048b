using Boottify.Contracts.Edge;

namespace Boottify.Routes;

/// <summary>The border to the edge service, which keeps what it is told on its own disk.</summary>
public interface IEdge
{
    /// <summary>Tells what an app's route shall be; returns once nginx was seen serving it.</summary>
    Task<RouteStatus> PutRouteAsync(AppRoute route, CancellationToken cancellation);

    /// <summary>How far the app's route is, or null if the edge has none. Waits up to <paramref name="wait"/> for a certificate that is on its way.</summary>
    Task<RouteStatus?> GetRouteAsync(string appId, TimeSpan wait, CancellationToken cancellation);

    /// <summary>Withdraws the app's route and certificates; one that is gone already is fine.</summary>
    Task DeleteRouteAsync(string appId, long version, CancellationToken cancellation);
}
