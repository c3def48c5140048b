using Boottify.Contracts.Edge;

namespace Boottify.Edge.Nginx;

/// <summary>A kind of app as nginx treats it: one server block each, whatever the number of hosts.</summary>
/// <param name="BuffersRequests">Takes a body in whole before the app sees it; what is not buffered cannot be tried again at another pod.</param>
public sealed record PolicyClass(RoutePolicy Policy, int BodyMegabytes, bool BuffersRequests)
{
    public string Name { get; } = Policy.ToString().ToLowerInvariant();

    public static IReadOnlyList<PolicyClass> All { get; } = [new(RoutePolicy.Standard, 100, BuffersRequests: true), new(RoutePolicy.Uploads, 5120, BuffersRequests: false)];
}
