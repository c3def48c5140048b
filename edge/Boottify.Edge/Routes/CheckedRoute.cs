using System.Text.RegularExpressions;
using Boottify.Contracts.Edge;

namespace Boottify.Edge.Routes;

/// <summary>An <see cref="AppRoute"/> of which every word was checked; what the rest of the edge works with.</summary>
public sealed partial record CheckedRoute(string AppId, long Version, Upstream Upstream, IReadOnlyList<CheckedHost> Hosts, RoutePolicy Policy = RoutePolicy.Standard, string? Team = null)
{
    public const int MostHosts = 1000;

    [GeneratedRegex("^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AppIdForm { get; }

    public static bool IsAppId(string? text) => text is not null && text.Length <= 63 && !text.EndsWith('\n') && AppIdForm.IsMatch(text);

    /// <returns>The route, or what is wrong with it and what to send instead.</returns>
    public static (CheckedRoute? Route, string? Problem) Check(AppRoute? route)
    {
        if (route is null) return (null, "The body is empty. Send a route.");
        if (!IsAppId(route.AppId)) return (null, "The app's id is not 1 to 63 lower-case letters, digits and inner hyphens. Send the id that the control plane gave the app.");
        if (route.Team is not null && !IsAppId(route.Team)) return (null, "The team's id is not 1 to 63 lower-case letters, digits and inner hyphens. Send the id that the control plane gave the team, or none.");
        if (route.Version < 1) return (null, "The version is below 1. Send a number that grows with each change of the route.");
        if (!Upstream.TryParse(route.Upstream, out var upstream, out var problem)) return (null, problem);
        if (!Enum.IsDefined(route.Policy)) return (null, $"There is no such policy. Send one of {string.Join(", ", Enum.GetNames<RoutePolicy>()).ToLowerInvariant()}.");
        if (route.Hosts is not { Count: > 0 and <= MostHosts }) return (null, $"The route needs 1 to {MostHosts} hosts. Send the app's own name at least.");

        var hosts = new List<CheckedHost>(route.Hosts.Count);
        foreach (var host in route.Hosts)
        {
            if (!HostName.TryParse(host?.Name, out var name, out problem)) return (null, problem);
            hosts.Add(new CheckedHost(name, host!.RedirectToHttps, host.Hsts));
        }

        return hosts.DistinctBy(host => host.Name).Count() == hosts.Count
            ? (new CheckedRoute(route.AppId, route.Version, upstream, hosts, route.Policy, route.Team), null)
            : (null, "A host is named twice. Send each host once.");
    }

    public AppRoute ToContract() =>
        new(AppId, Version, Upstream.ToString(), [.. Hosts.Select(host => new RouteHost(host.Name.ToString(), host.RedirectToHttps, host.Hsts))], Policy, Team);

    public bool SameAs(CheckedRoute other) =>
        AppId == other.AppId && Version == other.Version && Upstream == other.Upstream && Policy == other.Policy && Team == other.Team && Hosts.SequenceEqual(other.Hosts);
}

public sealed record CheckedHost(HostName Name, bool RedirectToHttps, bool Hsts);
