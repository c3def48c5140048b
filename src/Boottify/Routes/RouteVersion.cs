using Boottify.Deployments;

namespace Boottify.Routes;

/// <summary>
/// Versions of an app's route, by time in milliseconds: they grow from one deployment of an app to the next, whether or not it
/// becomes a release, and the app's deletion comes after them all.
/// </summary>
public static class RouteVersion
{
    public static long Of(Deployment deployment) => deployment.RequestedAt.ToUnixTimeMilliseconds();

    public static long OfDeletion(DateTimeOffset now) => now.ToUnixTimeMilliseconds();
}
