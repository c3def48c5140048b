using System.Collections.Immutable;
using Boottify.Platform;

namespace Boottify.Apps;

/// <summary>
/// What a rollback restores: the image by digest, and the app's environment and settings as they were. The app's
/// custom domains come back if that is asked for: see ops/adr/0015.
/// </summary>
/// <param name="Number">1, 2, 3 … within the app.</param>
/// <param name="AppVersion">Version of the App stream that held the environment and settings it ran with.</param>
/// <param name="ImageReference"><c>registry/repository@sha256:…</c></param>
/// <param name="RunAsRoot">The image names no user of its own, so one is forced on it.</param>
public sealed record Release(
    int Number, string DeploymentId, string Commit, string ImageReference, string ImageDigest, bool RunAsRoot, long AppVersion, DateTimeOffset At)
{
    /// <summary>The release that this one went back to; null for one that was built.</summary>
    public int? RolledBackTo { get; init; }

    /// <summary>Why it was returned to, in the words of who asked.</summary>
    public string? Reason { get; init; }

    /// <summary>The names that it answered under when it went live, the platform's own first; null in releases from before this was recorded: that one alone.</summary>
    public ImmutableList<string>? Hosts { get; init; }

    /// <summary>The custom domains that the app had when it went live, those that waited for a proof or their DNS included; null in releases from before this was recorded.</summary>
    public ImmutableList<string>? Domains { get; init; }

    /// <summary>What to tell who wants to return to it when its image is gone.</summary>
    public string GoneWords(string appId) =>
        $"The image of release {Number} ({ImageDigest}) is not in the registry any more, so it cannot be returned to. "
        + $"Deploy its commit again: POST /api/apps/{appId}/deployments {{\"commit\": \"{Commit}\"}}.";

    public IReadOnlyList<string> HostsOf(App app, PlatformSettings settings) => Hosts is { Count: > 0 } hosts ? hosts : app.Hosts(settings);
}
