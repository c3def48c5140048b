using Boottify.Branches;
using Boottify.Cluster;
using Boottify.Deployments;
using Boottify.Platform;

namespace Boottify.Apps;

/// <summary>An app as its users see it; no secret is in it.</summary>
/// <param name="Status"><c>new</c>, <c>live</c> or <c>deleting</c>.</param>
public sealed record AppView(
    string Id, string Name, string Team, string Host, string Url, string Namespace, string Status, DateTimeOffset CreatedAt,
    Repository Repository, int Port, string Health, int Replicas, WorkloadResources Resources, int? Release, LastDeployment? LastDeployment,
    DeletionView? Deletion = null)
{
    /// <summary>What the last look at its branch found; null before the first one.</summary>
    public BranchHead? BranchHead { get; init; }

    public static AppView Of(App app, Deployment? last, PlatformSettings settings, AppRemoval? removal = null)
    {
        var host = app.Names.Host(settings.Domain);
        return new AppView(
            app.Id, app.Name, app.TeamId, host, settings.AppUrl(host).ToString(), app.Names.Namespace, StatusOf(app), app.CreatedAt,
            app.Repository, app.Settings.Port, app.Settings.Health, app.Settings.Replicas, app.Settings.Resources,
            app.CurrentRelease?.Number, last is null ? null : LastDeployment.Of(last), DeletionView.Of(app, removal));
    }

    private static string StatusOf(App app) =>
        app.DeletionRequestedAt is not null ? "deleting" : app.CurrentRelease is null ? "new" : "live";
}

/// <summary>How far the app's deletion is.</summary>
/// <param name="BlockedBy">What does not go, and what holds it; tried again by itself.</param>
/// <param name="LookedAt">When that was last tried.</param>
public sealed record DeletionView(DateTimeOffset RequestedAt, string? By, string? BlockedBy, DateTimeOffset? LookedAt)
{
    public static DeletionView? Of(App app, AppRemoval? removal) =>
        app.DeletionRequestedAt is { } at ? new(at, app.DeletionRequestedBy, app.DeletionBlockedBy, removal?.LookedAt) : null;
}

public sealed record LastDeployment(string Id, DeploymentStatus Status, string Commit, DateTimeOffset RequestedAt, DateTimeOffset? FinishedAt)
{
    public static LastDeployment Of(Deployment d) => new(d.Id, d.Status, d.Commit, d.RequestedAt, d.FinishedAt);
}
