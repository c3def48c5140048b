using System.Collections.Immutable;

namespace Boottify.Deployments;

/// <summary>Why a deployment exists.</summary>
public enum Trigger
{
    Push,
    Manual,
    Rollback,
}

/// <param name="Branch">The branch it came from; empty for a rollback.</param>
/// <param name="DeliveryId">The webhook delivery that asked for it.</param>
/// <param name="ToRelease">For a rollback: the release to return to.</param>
public sealed record DeploymentRequested(
    string DeploymentId, string AppId, string AppName, string TeamId, string Commit, string Branch, string? Message,
    Trigger Trigger, string By, string? DeliveryId, int? ToRelease, DateTimeOffset At)
{
    /// <summary>Why, in the words of who asked.</summary>
    public string? Reason { get; init; }

    /// <summary>For a rollback: the app's custom domains are to go back to those of the release too.</summary>
    public bool ReturnsDomains { get; init; }
}

/// <param name="Attempt">1 for the first; a crashed attempt counts.</param>
/// <param name="Node">The process that runs it.</param>
public sealed record StepStarted(Step Step, int Attempt, string Node, DateTimeOffset At);

public sealed record StepSucceeded(Step Step, int Attempt, string Node, DateTimeOffset At, long DurationMs, StepFigures Figures);

/// <param name="Retry">Tried again by itself: the fault looks like a passing one.</param>
/// <param name="NextAttempt">Not before this time; null when there is none.</param>
/// <param name="RetryFrom">The earlier step to run again first, since what it made is gone; null for this step itself.</param>
public sealed record StepFailed(
    Step Step, int Attempt, string Node, DateTimeOffset At, long DurationMs, string Error, bool Retry, DateTimeOffset? NextAttempt,
    Step? RetryFrom = null);

public sealed record CancellationRequested(string By, DateTimeOffset At);

/// <summary>The app's custom domains went back to those that a release had; what is written here was written with it.</summary>
/// <param name="Added">Claimed again.</param>
public sealed record DomainsReturned(
    int Release, IReadOnlyList<string> Added, IReadOnlyList<string> Removed, IReadOnlyList<DomainLeftOut> LeftOut, DateTimeOffset At);

/// <param name="Reason">Why the app cannot have it, in words its user can act on.</param>
public sealed record DomainLeftOut(string Host, string Reason);

/// <param name="Release">The release that it became.</param>
public sealed record DeploymentSucceeded(int Release, DateTimeOffset At);

public sealed record DeploymentFailed(string Error, DateTimeOffset At);

/// <param name="ToRelease">The release that serves again.</param>
public sealed record DeploymentRolledBack(string Error, int ToRelease, DateTimeOffset At);

public sealed record DeploymentCancelled(string By, DateTimeOffset At)
{
    /// <summary>What it had failed with before somebody asked to cancel it; null for one that was going well.</summary>
    public string? Error { get; init; }

    /// <summary>The release that was put back; null when there was none, or nothing to put back yet.</summary>
    public int? ToRelease { get; init; }
}

/// <param name="SupersededBy">The newer deployment that takes its place.</param>
public sealed record DeploymentSuperseded(string SupersededBy, DateTimeOffset At);

/// <summary>What a step found out or made; later steps read it from here. Each step fills its own part.</summary>
public sealed record StepFigures
{
    /// <summary>validate: version of the App stream whose environment and settings this deployment runs with.</summary>
    public long? AppVersion { get; init; }

    /// <summary>validate: how it is built.</summary>
    public string? Template { get; init; }

    public string? PackageManager { get; init; }

    /// <summary>validate: the deployment that is to be in this one's place, which came late.</summary>
    public string? SupersededBy { get; init; }

    /// <summary>build: the daemon's id of the image.</summary>
    public string? ImageId { get; init; }

    public long? ImageSizeBytes { get; init; }

    public bool? RunsAsRoot { get; init; }

    /// <summary>push: <c>registry/repository@sha256:…</c>.</summary>
    public string? ImageReference { get; init; }

    public string? ImageDigest { get; init; }

    /// <summary>provision: where the Service listens, <c>address:port</c>.</summary>
    public string? Upstream { get; init; }

    /// <summary>publish: where the app answers.</summary>
    public string? Url { get; init; }

    /// <summary>publish: the names that it answers under, the platform's own first.</summary>
    public ImmutableList<string>? Hosts { get; init; }

    /// <summary>publish: when the certificate that was seen ends.</summary>
    public DateTimeOffset? CertificateEnds { get; init; }

    /// <summary>rollback: the release that was put back; null when there was none.</summary>
    public int? RestoredRelease { get; init; }
}
