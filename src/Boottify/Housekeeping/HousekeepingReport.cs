namespace Boottify.Housekeeping;

public enum Outcome
{
    Removed,
    Restored,
    Reported,

    /// <summary>Would have been removed or put back: this was a dry run.</summary>
    Planned,

    /// <summary>It could not be done; says why.</summary>
    Held,
}

/// <param name="Detail">For <see cref="Outcome.Held"/>: what is in the way.</param>
public sealed record Item(Kind Kind, string Name, string? App, Outcome Outcome, string Reason, string? Detail);

/// <summary>What became of one kind.</summary>
/// <param name="Found">How many there are.</param>
/// <param name="Left">Findings beyond what one run takes on; the next run goes on.</param>
/// <param name="Error">The kind could not be listed, and nothing of it was touched.</param>
public sealed record KindReport(Kind Kind, int Found, int Removed, int Restored, int Reported, int Left, string? Error);

/// <summary>What the last run found and did.</summary>
public sealed record HousekeepingReport(
    DateTimeOffset StartedAt, DateTimeOffset FinishedAt, string Node, string Why, bool DryRun, IReadOnlyList<KindReport> Kinds, CacheReport? Cache,
    string? CacheError, IReadOnlyList<DiskState> Disks, IReadOnlyList<Item> Items)
{
    public const string Last = "last";

    /// <summary>Key in the store: the last report takes the place of the one before.</summary>
    public string Id { get; init; } = Last;
}
