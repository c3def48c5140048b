using Boottify.Deployments;

namespace Boottify.Routes;

/// <summary>
/// Versions of an app's route, by time in milliseconds: they grow from one deployment of an app to the next, whether or not it
/// becomes a release, and the app's deletion comes after them all.
/// </summary>
public static class RouteVersion
{
    public static long Of(Deployment deployment) => deployment.RequestedAt.ToUnixTimeMilliseconds();

    /// <summary>Of a route that is put back as it was: comes before whatever is asked for after <paramref name="asOf"/>.</summary>
    public static long OfRepair(DateTimeOffset asOf) => asOf.ToUnixTimeMilliseconds();

    public static long OfDeletion(DateTimeOffset now) => now.ToUnixTimeMilliseconds();
}
