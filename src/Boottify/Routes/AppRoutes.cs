using Boottify.Apps;
using Boottify.Contracts.Edge;
using Boottify.Dns;
using Boottify.Platform;
using Marten;

namespace Boottify.Routes;

/// <param name="Refused">Custom hosts that the route was put without, because the edge has them in another app's.</param>
public sealed record PutRoute(RouteStatus Status, IReadOnlyList<string> Hosts, IReadOnlyList<string> Refused);

/// <summary>
/// An app's names and its route, for those who put an earlier state back or take all away. What returns was seen to be so;
/// both may be repeated.
/// </summary>
public sealed class AppRoutes(IEdge edge, IDnsZone zone, EdgeProbe probe, IDocumentStore store, PlatformSettings settings, TimeProvider time)
{
    private const int MostTries = 10;

    /// <summary>A put whose caller goes is still followed by the second look at the names, for so long at most.</summary>
    private static readonly TimeSpan Lingering = TimeSpan.FromSeconds(15);

    /// <summary>States names and route, and asks the app through the edge.</summary>
    /// <param name="version">From <see cref="RouteVersion"/>.</param>
    /// <param name="health">The path that a serving release answers.</param>
    /// <returns>Custom hosts that it is served without: see <see cref="PutRoute"/>.</returns>
    public async Task<IReadOnlyList<string>> ServeAsync(string appId, long version, string upstream, string health, CancellationToken cancellation)
    {
        var hosts = await HostsAsync(appId, cancellation);
        foreach (var host in hosts.Where(settings.IsOurs))
            await zone.PublishAsync(host, settings.EdgeAddresses, cancellation);
        var (status, _, refused) = await PutAsync(appId, version, upstream, cancellation);
        if (!status.Live)
            throw new TimeoutException($"The edge has version {version} of the route of app {appId}, but nginx does not serve it yet.");
        await probe.RequireAnswerAsync(hosts[0], health, cancellation);
        return refused;
    }

    /// <summary>Puts the route with the names that the app has now; once more if one came or went meanwhile, so that whoever puts last puts what is.</summary>
    /// <param name="instead">The upstream that it shall take the place of; null for any.</param>
    public async Task<PutRoute> PutAsync(string appId, long version, string upstream, CancellationToken cancellation, string? instead = null)
    {
        cancellation.ThrowIfCancellationRequested();
        // The edge may have the names of before by the time that the caller goes: nobody else would put those of now.
        using var own = new CancellationTokenSource();
        await using var gone = cancellation.Register(() => own.CancelAfter(Lingering));
        var refused = new List<string>();
        for (var tries = 1; ; tries++)
        {
            var (hosts, team) = await WishAsync(appId, own.Token);
            var put = hosts.Except(refused, StringComparer.Ordinal).ToList();
            RouteStatus status;
            try
            {
                status = await edge.PutRouteAsync(new AppRoute(appId, version, upstream, [.. put.Select(host => new RouteHost(host))], Team: team), own.Token, instead);
            }
            catch (TakenHostException e) when (!settings.IsOurs(e.Host) && put.Contains(e.Host, StringComparer.Ordinal))
            {
                // A custom domain's trouble is its own: it keeps no release from being served.
                refused.Add(e.Host);
                continue;
            }

            if (tries >= MostTries || hosts.SequenceEqual(await HostsAsync(appId, own.Token), StringComparer.Ordinal))
                return new PutRoute(status, put, refused);
        }
    }

    /// <summary>
    /// Gives the app's route the names that it has now. It keeps its version: deployments, which have later ones, come after it
    /// whether they know of the change or not, and look again as <see cref="PutAsync"/> does.
    /// </summary>
    /// <returns>The route as the edge has it; null if it has none.</returns>
    public async Task<RouteStatus?> StateHostsAsync(string appId, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            var hosts = await HostsAsync(appId, cancellation);
            if (await edge.GetRouteAsync(appId, TimeSpan.Zero, cancellation) is not { } held)
                return null;
            if (hosts.ToHashSet(StringComparer.Ordinal).SetEquals(held.Hosts.Select(h => h.Host)))
                return held;
            try
            {
                if (held is { Live: true, Upstream: { } upstream })
                    return (await PutAsync(appId, held.Version, upstream, cancellation, instead: upstream)).Status;
            }
            catch (StaleRouteException) when (tries < MostTries)
            {
                // A deployment has published, or put a release back, meanwhile: its upstream stays.
            }

            if (tries == MostTries)
                throw new TimeoutException($"The edge does not get to serve the route of app {appId}, so its names cannot be changed yet.");
            await Task.Delay(TimeSpan.FromMilliseconds(100 + Random.Shared.Next(100)), time, cancellation);
        }
    }

    /// <summary>Whether the edge has a route of the app, and it leads there.</summary>
    public async Task<bool> LeadsToAsync(string appId, string upstream, CancellationToken cancellation) =>
        string.Equals((await edge.GetRouteAsync(appId, TimeSpan.Zero, cancellation))?.Upstream, upstream, StringComparison.Ordinal);

    /// <summary>Asks a release that serves, through the edge.</summary>
    public Task RequireAnswerAsync(IReadOnlyList<string> hosts, string health, CancellationToken cancellation) =>
        probe.RequireAnswerAsync(hosts[0], health, cancellation);

    /// <summary>Withdraws the route with its certificates, then the names, so that none leads to another app's address later.</summary>
    public async Task WithdrawAsync(string appId, long version, IReadOnlyList<string> hosts, CancellationToken cancellation)
    {
        await WithdrawRouteAsync(appId, version, cancellation);
        await WithdrawNamesAsync(hosts, cancellation);
    }

    public async Task WithdrawRouteAsync(string appId, long version, CancellationToken cancellation)
    {
        await edge.DeleteRouteAsync(appId, version, cancellation);
        if (await edge.GetRouteAsync(appId, TimeSpan.Zero, cancellation) is { } left)
            throw new TimeoutException($"The edge still has version {left.Version} of the route of app {appId}, though it was withdrawn.");
    }

    public async Task WithdrawNamesAsync(IReadOnlyList<string> hosts, CancellationToken cancellation)
    {
        foreach (var host in hosts.Where(settings.IsOurs))
            await zone.WithdrawAsync(host, cancellation);
    }

    private async Task<IReadOnlyList<string>> HostsAsync(string appId, CancellationToken cancellation) => (await WishAsync(appId, cancellation)).Hosts;

    private async Task<(IReadOnlyList<string> Hosts, string Team)> WishAsync(string appId, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var app = await session.LoadAsync<App>(appId, cancellation) ?? throw new InvalidOperationException($"There is no app {appId}.");
        return (app.Hosts(settings), app.TeamId);
    }
}
