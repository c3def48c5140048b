using JasperFx.Events;

namespace Boottify.Deployments;

/// <summary>How the events of a deployment look to those who follow it.</summary>
public static class FeedEvents
{
    /// <returns>Null for events that followers are not told of.</returns>
    public static View? View(IEvent e) => e.Data switch
    {
        StepStarted s => Step(s.At, new StepChange(s.Step, StepStatus.Running, s.Attempt, s.At) { Node = s.Node }),
        StepSucceeded s => Step(s.At, new StepChange(s.Step, StepStatus.Succeeded, s.Attempt, s.At) { Node = s.Node, DurationMs = s.DurationMs, Figures = s.Figures }),
        StepFailed s => Step(s.At, new StepChange(s.Step, StepStatus.Failed, s.Attempt, s.At)
        {
            Node = s.Node,
            DurationMs = s.DurationMs,
            Error = s.Error,
            NextAttempt = s.NextAttempt,
        }),
        DeploymentSucceeded s => End(s.At, new DeploymentEnd(DeploymentStatus.Succeeded, s.At) { Release = s.Release }),
        DeploymentFailed f => End(f.At, new DeploymentEnd(DeploymentStatus.Failed, f.At) { Error = f.Error }),
        DeploymentRolledBack r => End(r.At, new DeploymentEnd(DeploymentStatus.RolledBack, r.At) { Error = r.Error, Release = r.ToRelease }),
        DeploymentCancelled c => End(c.At, new DeploymentEnd(DeploymentStatus.Cancelled, c.At) { By = c.By, Error = c.Error, Release = c.ToRelease }),
        DeploymentSuperseded s => End(s.At, new DeploymentEnd(DeploymentStatus.Superseded, s.At) { SupersededBy = s.SupersededBy }),
        _ => null,
    };

    private static View Step(DateTimeOffset at, StepChange data) => new("step", at, data);

    private static View End(DateTimeOffset at, DeploymentEnd data) => new("end", at, data);
}

public sealed record View(string Event, DateTimeOffset At, object Data);

public sealed record StepChange(Step Step, StepStatus Status, int Attempt, DateTimeOffset At)
{
    public string? Node { get; init; }

    public long? DurationMs { get; init; }

    public string? Error { get; init; }

    public DateTimeOffset? NextAttempt { get; init; }

    public StepFigures? Figures { get; init; }
}

/// <summary>How it ended.</summary>
public sealed record DeploymentEnd(DeploymentStatus Status, DateTimeOffset At)
{
    public string? Error { get; init; }

    /// <summary>The release that serves now.</summary>
    public int? Release { get; init; }

    public string? By { get; init; }

    public string? SupersededBy { get; init; }
}
