using Boottify.Contracts.Edge;

namespace Boottify.Routes;

/// <summary>What several edges say of one route, as if it were one; pure. A host counts as served when all of them serve it.</summary>
internal static class MergedRoute
{
    private const string Missing = "Not every edge has it yet. Those that lack it are told by themselves.";

    /// <param name="edges">One for each edge that answers; null from one that has no such route.</param>
    /// <returns>Null where no edge has it.</returns>
    public static RouteStatus? Of(IReadOnlyList<RouteStatus?> edges)
    {
        var held = edges.OfType<RouteStatus>().ToList();
        if (held.Count == 0)
            return null;
        var newest = held.MaxBy(route => route.Version)!;
        var hosts = held.SelectMany(route => route.Hosts).GroupBy(host => host.Host, StringComparer.Ordinal);
        return newest with { Live = held.TrueForAll(route => route.Live), Hosts = [.. hosts.Select(host => Of([.. host], edges.Count))] };
    }

    public static IReadOnlyList<RouteStatus> OfLists(IReadOnlyList<IReadOnlyList<RouteStatus>> edges)
    {
        var byApp = edges.SelectMany(routes => routes).GroupBy(route => route.AppId, StringComparer.Ordinal);
        return [.. byApp.Select(app => Of([.. app, .. Enumerable.Repeat<RouteStatus?>(null, edges.Count - app.Count())])!)];
    }

    /// <summary>Apps of which not all edges say the same, each with the newest route that one of them has.</summary>
    public static IReadOnlyList<RouteStatus> Unlike(IReadOnlyList<IReadOnlyList<RouteStatus>> edges)
    {
        var byApp = edges.SelectMany(routes => routes).GroupBy(route => route.AppId, StringComparer.Ordinal);
        return [.. byApp.Where(app => app.Count() < edges.Count || app.Skip(1).Any(other => !Same(app.First(), other))).Select(app => app.MaxBy(route => route.Version)!)];
    }

    private static bool Same(RouteStatus one, RouteStatus other) =>
        one.Version == other.Version && string.Equals(one.Upstream, other.Upstream, StringComparison.Ordinal)
        && one.Hosts.Select(host => host.Host).ToHashSet(StringComparer.Ordinal).SetEquals(other.Hosts.Select(host => host.Host));

    /// <summary>The one that is furthest from being served, with the end that comes first.</summary>
    private static HostStatus Of(IReadOnlyList<HostStatus> said, int edges)
    {
        var worst = said.MaxBy(host => Distance(host.Certificate))!;
        if (said.Count < edges && worst.Certificate == CertificateState.Active)
            worst = worst with { Certificate = CertificateState.Pending, Reason = Missing };
        return worst with { NotAfter = said.Min(host => host.NotAfter) };
    }

    private static int Distance(CertificateState state) => state switch
    {
        CertificateState.Active => 0,
        CertificateState.Issuing => 1,
        CertificateState.Pending => 2,
        _ => 3,
    };
}
