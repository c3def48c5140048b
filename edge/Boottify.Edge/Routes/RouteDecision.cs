namespace Boottify.Edge.Routes;

/// <summary>
/// What to do with a route that was put: pure, from what the edge holds. Of two wishes with one version the later wins,
/// since an upstream's address may change without the app's having done so.
/// </summary>
public abstract record RouteDecision
{
    /// <summary>Store it and let nginx serve it.</summary>
    public sealed record Accept : RouteDecision;

    /// <summary>It is what the edge holds already; only see to it that nginx serves it.</summary>
    public sealed record AlreadySo : RouteDecision;

    public sealed record Refuse(string Detail, string? TakenHost = null) : RouteDecision;

    /// <param name="ownerOf">Which app holds a host now.</param>
    /// <param name="instead">The upstream that it shall take the place of, of a route of this version or later; null for any.</param>
    public static RouteDecision Of(CheckedRoute wanted, DesiredState.Entry? held, Func<HostName, string?> ownerOf, string? instead = null)
    {
        // One that has missed what came before is only behind: its upstream is not what the wish was decided on.
        if (instead is not null && held?.Version >= wanted.Version && held.Route?.Upstream.ToString() != instead)
            return new Refuse($"The edge holds another upstream than {instead} for this app by now. Nothing was changed; read the route, and decide again.");
        if (held is not null && wanted.Version < held.Version)
            return new Refuse($"Version {wanted.Version} is older than version {held.Version}, which the edge holds. Nothing was changed; drop this message.");
        if (held?.Route is { } same && same.SameAs(wanted)) return new AlreadySo();
        if (held is { Route: null } && wanted.Version == held.Version)
            return new Refuse($"Version {held.Version} of this route was withdrawn. Send a higher version to serve the app again.");
        return wanted.Hosts.Select(host => (host.Name, Owner: ownerOf(host.Name))).FirstOrDefault(host => host.Owner is not null && host.Owner != wanted.AppId) is { Owner: not null } taken
            ? new Refuse($"The host {taken.Name} belongs to the app {taken.Owner}. Take it from that app's route first.", $"{taken.Name}")
            : new Accept();
    }
}
