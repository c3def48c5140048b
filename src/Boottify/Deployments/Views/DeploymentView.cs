namespace Boottify.Deployments;

/// <summary>A deployment as its users see it.</summary>
/// <param name="QueuePosition">1 for the next to run; null unless it waits.</param>
/// <param name="Reason">Why it was asked for, in the words of who did; of a return to an earlier release.</param>
public sealed record DeploymentView(
    string Id, string AppId, string AppName, string Team, DeploymentStatus Status, string Commit, string Branch, string? Message,
    Trigger Trigger, string RequestedBy, DateTimeOffset RequestedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt,
    long? QueuePosition, string? Error, ImageView? Image, int? Release, int? ToRelease, string? SupersededBy, string? CancelledBy,
    string? Url, IReadOnlyList<StepView> Steps, string? Reason = null)
{
    /// <summary>What has to happen before it starts; null unless it waits.</summary>
    public string? WaitingFor { get; init; }

    public static DeploymentView Of(Deployment d, long? queuePosition = null) => new(
        d.Id, d.AppId, d.AppName, d.TeamId, d.Status, d.Commit, d.Branch, d.Message, d.Trigger, d.RequestedBy, d.RequestedAt, d.StartedAt,
        d.FinishedAt, queuePosition, d.Error, ImageView.Of(d.Figures), d.Release, d.ToRelease, d.SupersededBy, d.CancelledBy, d.Figures.Url,
        [.. d.Plan.Concat(d.Steps.Select(s => s.Step).Where(s => s == Step.Rollback)).Select(step => StepView.Of(step, d.Steps.Find(s => s.Step == step)))],
        d.Reason);
}

public sealed record ImageView(string? Reference, string? Digest, long? SizeBytes, string? Template)
{
    public static ImageView? Of(StepFigures figures) =>
        figures.ImageId is null && figures.ImageDigest is null ? null : new(figures.ImageReference, figures.ImageDigest, figures.ImageSizeBytes, figures.Template);
}

public sealed record StepView(
    Step Name, StepStatus Status, int Attempt, string? Node, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, string? Error)
{
    public static StepView Of(Step step, StepState? state) => state is null
        ? new(step, StepStatus.Pending, 0, null, null, null, null)
        : new(step, state.Status, state.Attempt, state.Node, state.StartedAt, state.FinishedAt, state.Error);
}
