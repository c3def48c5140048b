using Boottify.Contracts.Edge;

namespace Boottify.Edge.Nginx;

/// <summary>A kind of app as nginx treats it: one server block each, whatever the number of hosts.</summary>
/// <param name="BuffersSmallBodies">
/// Takes a body of less than 100,000 bytes in whole before the app sees it (ops/adr/0022); what is not buffered cannot be tried again at another pod.
/// </param>
public sealed record PolicyClass(RoutePolicy Policy, int BodyMegabytes, bool BuffersSmallBodies)
{
    public string Name { get; } = Policy.ToString().ToLowerInvariant();

    public static IReadOnlyList<PolicyClass> All { get; } = [new(RoutePolicy.Standard, 100, BuffersSmallBodies: true), new(RoutePolicy.Uploads, 5120, BuffersSmallBodies: false)];
}
