using Boottify.Contracts.Edge;
using Boottify.Routes;

namespace Boottify.IntegrationTests.Domains;

/// <summary>An edge that takes puts down alone, and while the first one is under way something else happens.</summary>
public sealed class InterruptedEdge(Func<Task> meanwhile) : IEdge
{
    public List<AppRoute> Puts { get; } = [];

    public async Task<RouteStatus> PutRouteAsync(AppRoute route, CancellationToken cancellation, string? instead = null)
    {
        Puts.Add(route);
        if (Puts.Count == 1)
            await meanwhile();
        return new RouteStatus(route.AppId, route.Version, Live: true, [], route.Upstream);
    }

    public Task RetryCertificateAsync(string host, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<RouteStatus?> GetRouteAsync(string appId, TimeSpan wait, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<IReadOnlyList<RouteStatus>> ListRoutesAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public Task<IReadOnlyCollection<string>> HostsOnAnyAsync(string appId, CancellationToken cancellation) => throw new NotSupportedException();

    public Task DeleteRouteAsync(string appId, long version, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<bool> BeginFreshConnectionsAsync(string appId, TimeSpan atMost, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<bool> AllAnswerAsync(TimeSpan patience, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<bool> ReachesAsync(string address, TimeSpan patience, CancellationToken cancellation) => throw new NotSupportedException();
}
