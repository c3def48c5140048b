using Boottify.Apps;
using Boottify.Deployments;

namespace Boottify.Housekeeping;

/// <summary>
/// The images that no clean-up touches, by digest: whatever tag an image has, and however many releases share it, what counts
/// is whether somebody may still want to run these very bytes.
/// </summary>
public static class PinnedImages
{
    /// <summary>
    /// Those of the kept releases; of releases that were kept until a moment ago, for a request to return to one may have been
    /// granted just then; of all that deployments under way have pushed or return to.
    /// </summary>
    public static IReadOnlySet<string> Of(App app, IEnumerable<Deployment> open, DateTimeOffset asOf, TimeSpan grace)
    {
        var kept = FinalizeDeploymentHandler.KeptReleases;
        var pinned = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, release) in app.Releases.Index())
        {
            var pushedOut = index + kept < app.Releases.Count ? app.Releases[index + kept].At : (DateTimeOffset?)null;
            if (pushedOut is null || pushedOut > asOf - grace)
                pinned.Add(release.ImageDigest);
        }

        foreach (var deployment in open)
        {
            if (deployment.Figures.ImageDigest is { } pushed)
                pinned.Add(pushed);
            if (app.Releases.Find(r => r.Number == deployment.ToRelease) is { } target)
                pinned.Add(target.ImageDigest);
        }

        return pinned;
    }
}
