using Boottify.Apps;
using Boottify.Cluster;
using Boottify.Contracts.Edge;
using Boottify.Dns;
using Boottify.Platform;
using Boottify.Routes;

namespace Boottify.Housekeeping.Kinds;

/// <summary>
/// Routes at the edge. What is written here has the version of the moment at which the run began: any deployment or deletion
/// that was asked for since then comes after it, and the edge keeps them in that order.
/// </summary>
internal sealed class RouteKeeper(IEdge edge, AppRoutes routes, ICluster cluster, TimeProvider time) : Keeper
{
    private readonly DateTimeOffset begun = time.GetUtcNow();

    public override Kind Kind => Kind.Route;

    public override bool EachAppHasOne => true;

    public override async Task<IReadOnlyList<Found>> ListAsync(CancellationToken cancellation)
    {
        var held = await edge.ListRoutesAsync(cancellation);
        var services = (await cluster.ListNamespacesAsync(cancellation)).Where(n => !n.Terminating).DistinctBy(n => n.AppId).ToDictionary(n => n.AppId, n => n.Service, StringComparer.Ordinal);
        var hosts = held.SelectMany(route => route.Hosts).Select(host => host.Host).ToHashSet(StringComparer.Ordinal);
        return [.. held.Select(route => Of(route, services.GetValueOrDefault(route.AppId), hosts))];
    }

    /// <summary>Route and Service may have changed since all were listed; the names of other routes hardly do.</summary>
    public override async Task<Found?> LookAgainAsync(Found found, CancellationToken cancellation) =>
        await edge.GetRouteAsync(found.Name, TimeSpan.Zero, cancellation) is { } route
            ? Of(route, found.Service is null ? null : await cluster.FindServiceAsync(AppNames.Of(route.AppId, "").Namespace, cancellation), found.HostsOfAll)
            : null;

    public override async Task<string?> RemoveAsync(Found found, CancellationToken cancellation)
    {
        try
        {
            await edge.DeleteRouteAsync(found.Name, RouteVersion.OfDeletion(begun), cancellation);
            return null;
        }
        catch (StaleRouteException)
        {
            return "The edge has been told something newer since the run began.";
        }
    }

    public override async Task<string?> RestoreAsync(KnownApp app, DateTimeOffset asOf, CancellationToken cancellation)
    {
        // Not where the release was published: a Service that was made anew since then has another address, and the old one is
        // anybody's.
        if (await cluster.FindServiceAsync(app.Names.Namespace, cancellation) is not { } service)
            return "The app has no Service in the cluster. Its route is put back together with that.";
        try
        {
            var put = await routes.PutAsync(app.Id, RouteVersion.OfRepair(asOf), service.Upstream, cancellation);
            return put.Status.Live ? null : "The edge has it, but nginx does not serve it yet.";
        }
        catch (StaleRouteException)
        {
            return "The edge has been told something newer since the run began.";
        }
    }

    private static Found Of(RouteStatus route, AppliedWorkload? service, IReadOnlySet<string> hosts) => new(Kind.Route, route.AppId, route.AppId)
    {
        Addresses = route.Upstream is null ? [] : [route.Upstream],
        Service = service?.Upstream,
        Hosts = [.. route.Hosts.Select(host => host.Host)],
        HostsOfAll = hosts,
    };
}

/// <summary>Custom domains are in zones of their owners, which are never written. A and AAAA records of the platform's zone that are named as apps' hosts are; all other names in it are somebody else's business.</summary>
internal sealed class DnsKeeper(IDnsZone zone, PlatformSettings settings) : Keeper
{
    public override Kind Kind => Kind.DnsRecord;

    public override bool EachAppHasOne => true;

    public override async Task<IReadOnlyList<Found>> ListAsync(CancellationToken cancellation) =>
    [
        .. from record in await zone.ListAsync(cancellation)
           let app = AppNames.AppOfHost(record.Host, settings.Domain)
           where app is not null
           select new Found(Kind.DnsRecord, record.Host, app) { Addresses = record.Addresses },
    ];

    public override async Task<string?> RemoveAsync(Found found, CancellationToken cancellation)
    {
        await zone.WithdrawAsync(found.Name, cancellation);
        return null;
    }

    public override async Task<string?> RestoreAsync(KnownApp app, DateTimeOffset asOf, CancellationToken cancellation)
    {
        await zone.PublishAsync(app.Host, settings.EdgeAddresses, cancellation);
        return null;
    }
}
