using System.Collections.Immutable;

namespace Boottify.Deployments;

/// <summary>A deployment as its stream tells; kept up to date in the same transaction as its events.</summary>
public sealed partial record Deployment
{
    public required string Id { get; init; }

    public required string AppId { get; init; }

    public required string AppName { get; init; }

    public required string TeamId { get; init; }

    public required string Commit { get; init; }

    public string Branch { get; init; } = "";

    public string? Message { get; init; }

    public Trigger Trigger { get; init; }

    public required string RequestedBy { get; init; }

    public int? ToRelease { get; init; }

    /// <summary>Why it was asked for, in the words of who did.</summary>
    public string? Reason { get; init; }

    /// <summary>The app's custom domains go back to those of <see cref="ToRelease"/> too, with its success.</summary>
    public bool ReturnsDomains { get; init; }

    public DateTimeOffset RequestedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public DeploymentStatus Status { get; init; }

    public ImmutableList<StepState> Steps { get; init; } = [];

    /// <summary>What the steps made so far.</summary>
    public StepFigures Figures { get; init; } = new();

    public string? CancelledBy { get; init; }

    /// <summary>It had failed for good by then: what came before was already being put back.</summary>
    public bool FailedBeforeCancel { get; init; }

    public string? SupersededBy { get; init; }

    /// <summary>Why it did not succeed, in words its user can act on.</summary>
    public string? Error { get; init; }

    /// <summary>The release that it became.</summary>
    public int? Release { get; init; }

    /// <summary>Version of the stream; set by Marten.</summary>
    public int Version { get; set; }

    public bool Ended => Status >= DeploymentStatus.Succeeded;

    public IReadOnlyList<Step> Plan => ToRelease is null ? Deployments.Steps.OfPush : Deployments.Steps.OfRollback;

    /// <summary>The step that was started last.</summary>
    public StepState? LastStep => Steps.Count == 0 ? null : Steps[^1];

    public static Deployment Create(DeploymentRequested e) => new()
    {
        Id = e.DeploymentId,
        AppId = e.AppId,
        AppName = e.AppName,
        TeamId = e.TeamId,
        Commit = e.Commit,
        Branch = e.Branch,
        Message = e.Message,
        Trigger = e.Trigger,
        RequestedBy = e.By,
        ToRelease = e.ToRelease,
        Reason = e.Reason,
        ReturnsDomains = e.ReturnsDomains,
        RequestedAt = e.At,
    };

    public Deployment Apply(StepStarted e) => this with
    {
        StartedAt = StartedAt ?? e.At,
        Status = e.Step == Step.Rollback ? Status : Deployments.Steps.StatusWhile(e.Step),
        Steps = Put(Of(e.Step).StartAgain(e)),
    };

    public Deployment Apply(StepSucceeded e) => this with
    {
        Steps = Put(Of(e.Step) with { Status = StepStatus.Succeeded, FinishedAt = e.At, Error = null, FailingSince = null }),
        Figures = Merge(Figures, e.Figures),
    };

    public Deployment Apply(StepFailed e) => this with
    {
        Steps = Put(Of(e.Step).Fail(e)),
        Error = e.Retry || e.Step == Step.Rollback ? Error : e.Error,
    };

    public Deployment Apply(CancellationRequested e) => CancelledBy is not null ? this : this with
    {
        CancelledBy = e.By,
        FailedBeforeCancel = LastStep is { Step: Step.Rollback } or { Status: StepStatus.Failed, Retry: false },
    };

    public Deployment Apply(DeploymentSucceeded e) => this with { Status = DeploymentStatus.Succeeded, Release = e.Release, FinishedAt = e.At, Error = null };

    public Deployment Apply(DeploymentFailed e) => this with { Status = DeploymentStatus.Failed, Error = e.Error, FinishedAt = e.At };

    public Deployment Apply(DeploymentRolledBack e) => this with { Status = DeploymentStatus.RolledBack, Error = e.Error, FinishedAt = e.At };

    public Deployment Apply(DeploymentCancelled e) => this with { Status = DeploymentStatus.Cancelled, Error = e.Error ?? Error, FinishedAt = e.At };

    public Deployment Apply(DeploymentSuperseded e) =>
        this with { Status = DeploymentStatus.Superseded, SupersededBy = e.SupersededBy, FinishedAt = e.At };

    /// <summary>What became of a step so far; pending if it was never started.</summary>
    public StepState Of(Step step) => Steps.Find(s => s.Step == step) ?? new StepState(step, StepStatus.Pending, 0, "", default);

    private ImmutableList<StepState> Put(StepState state) => Steps.RemoveAll(s => s.Step == state.Step).Add(state);

    private static StepFigures Merge(StepFigures old, StepFigures step) => new()
    {
        AppVersion = step.AppVersion ?? old.AppVersion,
        Template = step.Template ?? old.Template,
        PackageManager = step.PackageManager ?? old.PackageManager,
        SupersededBy = step.SupersededBy ?? old.SupersededBy,
        ImageId = step.ImageId ?? old.ImageId,
        ImageSizeBytes = step.ImageSizeBytes ?? old.ImageSizeBytes,
        RunsAsRoot = step.RunsAsRoot ?? old.RunsAsRoot,
        ImageReference = step.ImageReference ?? old.ImageReference,
        ImageDigest = step.ImageDigest ?? old.ImageDigest,
        Upstream = step.Upstream ?? old.Upstream,
        Url = step.Url ?? old.Url,
        Hosts = step.Hosts ?? old.Hosts,
        CertificateEnds = step.CertificateEnds ?? old.CertificateEnds,
        RestoredRelease = step.RestoredRelease ?? old.RestoredRelease,
    };
}

/// <param name="Attempt">Of the last start.</param>
/// <param name="Node">The process that runs or ran it.</param>
public sealed record StepState(Step Step, StepStatus Status, int Attempt, string Node, DateTimeOffset StartedAt)
{
    public DateTimeOffset? FinishedAt { get; init; }

    public string? Error { get; init; }

    /// <summary>The failure looks like a passing one.</summary>
    public bool Retry { get; init; }

    public DateTimeOffset? NextAttempt { get; init; }

    /// <summary>The earlier step that has to run again before this one does.</summary>
    public Step? RetryFrom { get; init; }

    /// <summary>Attempts that were started and never heard of again, the present one not included.</summary>
    public int Lost { get; init; }

    /// <summary>When the first of the attempts failed that have failed since the step last succeeded.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    public StepState StartAgain(StepStarted e) => new(e.Step, StepStatus.Running, e.Attempt, e.Node, e.At)
    {
        Lost = Status == StepStatus.Running ? Lost + 1 : Lost,
        FailingSince = FailingSince,
    };

    public StepState Fail(StepFailed e) => this with
    {
        Status = StepStatus.Failed,
        FinishedAt = e.At,
        Error = e.Error,
        Retry = e.Retry,
        NextAttempt = e.NextAttempt,
        RetryFrom = e.RetryFrom,
        FailingSince = FailingSince ?? e.At,
    };
}
