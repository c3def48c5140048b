using Boottify.Cluster;
using Boottify.Deployments;
using Boottify.Platform;

namespace Boottify.Apps;

/// <summary>An app as its users see it; no secret is in it.</summary>
/// <param name="Status"><c>new</c>, <c>live</c> or <c>deleting</c>.</param>
public sealed record AppView(
    string Id, string Name, string Team, string Host, string Url, string Namespace, string Status, DateTimeOffset CreatedAt,
    Repository Repository, int Port, string Health, int Replicas, WorkloadResources Resources, int? Release, LastDeployment? LastDeployment)
{
    public static AppView Of(App app, Deployment? last, PlatformSettings settings)
    {
        var host = app.Names.Host(settings.Domain);
        return new AppView(
            app.Id, app.Name, app.TeamId, host, settings.AppUrl(host).ToString(), app.Names.Namespace, StatusOf(app), app.CreatedAt,
            app.Repository, app.Settings.Port, app.Settings.Health, app.Settings.Replicas, app.Settings.Resources,
            app.CurrentRelease?.Number, last is null ? null : LastDeployment.Of(last));
    }

    private static string StatusOf(App app) =>
        app.DeletionRequestedAt is not null ? "deleting" : app.CurrentRelease is null ? "new" : "live";
}

public sealed record LastDeployment(string Id, DeploymentStatus Status, string Commit, DateTimeOffset RequestedAt, DateTimeOffset? FinishedAt)
{
    public static LastDeployment Of(Deployment d) => new(d.Id, d.Status, d.Commit, d.RequestedAt, d.FinishedAt);
}
