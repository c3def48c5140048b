namespace Boottify.Apps;

/// <summary>
/// What a rollback restores: the image by digest, and the app's environment and settings as they were.
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
}
