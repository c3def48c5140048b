using System.Net;
using Boottify.Apps;

namespace Boottify.Housekeeping;

/// <summary>
/// What to do about things that exist, and about those that should; pure. Removed is only what the history itself says is over:
/// an app that was deleted, a deployment that has ended, an image that no kept release has. What the history has never heard
/// of is at most reported: it may be a neighbour's, or this database may have been put back to an earlier day.
/// </summary>
public static class Judgement
{
    /// <summary>A deletion goes on by itself; after this time something holds it.</summary>
    private static readonly TimeSpan LongDeletion = TimeSpan.FromMinutes(30);

    /// <returns>Null when it may stay.</returns>
    public static Finding? Of(Found found, History history, TimeSpan grace)
    {
        if (found.Mark == Mark.Others || found.Going || found.Since > history.AsOf - grace)
            return null;
        if (found.Kind is Kind.Container or Kind.Workspace)
            return OfBuild(found, history, grace);
        return found.AppId is not null && history.Apps.TryGetValue(found.AppId, out var app)
            ? OfKnown(found, app, history, grace)
            : OfUnknown(found);
    }

    /// <summary>What a live app that serves lacks of one kind, all of which was listed.</summary>
    public static Finding? Lack(Kind kind, KnownApp app, Found? found, History history, TimeSpan grace, IReadOnlyCollection<IPAddress> edgeAddresses)
    {
        if (!app.Alive || app.Open.Count > 0 || app.Release is not { } release || release.At > history.AsOf - grace)
            return null;
        return (kind, found) switch
        {
            (Kind.Namespace, { Going: true }) => Report("it is being deleted, though its app is alive. It is put back once it is gone."),
            (Kind.Namespace, null) => Restore("the live app's namespace is missing"),
            (Kind.Namespace, { Complete: false }) => Restore("the live app's Deployment or Service is missing"),
            (Kind.Namespace, { DeploymentId: { } id }) when id != release.DeploymentId => OfOther(id),
            (Kind.Route, null) => Restore("the edge has no route of the live app"),
            (Kind.Route, { } route) when WrongIn(route, app) is { } wrong => Restore(wrong),
            (Kind.DnsRecord, null) => Restore("the live app's DNS record is missing"),
            (Kind.DnsRecord, { Addresses: var addresses }) when !addresses.ToHashSet(StringComparer.Ordinal).SetEquals(edgeAddresses.Select(address => address.ToString())) =>
                Restore($"the live app's DNS record leads to {string.Join(", ", addresses)} instead of {string.Join(", ", edgeAddresses)}"),
            (Kind.Database, null) when !app.OwnDatabase => Report("the live app's database is missing. Restore it from a backup; the app's next deployment makes an empty one."),
            _ => null,
        };

        // Its rollback gave up, as while the cluster was away for long. Of one that has just ended, the release may have been put
        // back since the look.
        Finding? OfOther(string id) => EndedBefore(id, history, grace) switch
        {
            true => Restore($"the cluster is to run deployment {id}, which is not the live app's release {release.Number}"),
            null => Report($"the cluster is to run deployment {id}, of which the history has not heard. Was the database put back to an earlier day? POST /api/apps/{app.Id}/rollback with {{\"release\":{release.Number}}} puts release {release.Number} there."),
            false => null,
        };

        Finding Restore(string reason) => new(kind, NameOf(kind, app), app.Id, FindingAction.Restore, reason);

        Finding Report(string reason) => new(kind, NameOf(kind, app), app.Id, FindingAction.Report, reason);
    }

    /// <summary>A Service that was made anew has another address, and the one of before is anybody's. Where there is none, its namespace is put back first.</summary>
    private static string? WrongIn(Found route, KnownApp app)
    {
        if (route.Service is not { } service)
            return null;
        var wrong = new List<string>();
        if (route.Addresses.Count > 0 && !route.Addresses.Contains(service, StringComparer.Ordinal))
            wrong.Add($"leads to {string.Join(", ", route.Addresses)} instead of {service}");
        var due = app.Hosts.Where(host => route.Hosts.Contains(host, StringComparer.Ordinal) || !route.HostsOfAll.Contains(host)).ToList();
        if (!due.ToHashSet(StringComparer.Ordinal).SetEquals(route.Hosts))
            wrong.Add($"is for {Names(route.Hosts)} instead of {Names(due)}");
        return wrong.Count == 0 ? null : $"the live app's route {string.Join(", and ", wrong)}";

        static string Names(IReadOnlyCollection<string> hosts) => hosts.Count == 0 ? "no name" : string.Join(", ", hosts.Order(StringComparer.Ordinal));
    }

    /// <summary>How the one thing of this kind that an app has is called.</summary>
    public static string NameOf(Kind kind, KnownApp app) => kind switch
    {
        Kind.Namespace => app.Names.Namespace,
        Kind.Database => app.Names.Database,
        Kind.DnsRecord => app.Host,
        Kind.Route => app.Id,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "An app has no one thing of this kind."),
    };

    private static Finding? OfBuild(Found found, History history, TimeSpan grace)
    {
        if (found.DeploymentId is not null && history.Deployments.TryGetValue(found.DeploymentId, out var deployment))
        {
            return deployment.FinishedAt is { } end && end <= history.AsOf - grace
                ? Remove(found with { AppId = deployment.AppId }, $"deployment {deployment.Id} ended at {end:u}")
                : null;
        }

        // Containers are the whole engine's, and other platforms build there too; workspaces are in a folder of our own.
        return found.Kind == Kind.Workspace ? Report(found, $"this platform has no deployment {found.Name}. Remove the folder if nobody misses it.") : null;
    }

    private static Finding? OfKnown(Found found, KnownApp app, History history, TimeSpan grace)
    {
        if (app.DeletedAt is { } deleted)
        {
            if (deleted > history.AsOf - grace)
                return null;
            return found is { Kind: Kind.Database, Mark: Mark.None }
                ? Report(found, $"its app was deleted at {deleted:u}, but no note on it says that this platform made it. If it is this platform's: DROP DATABASE \"{found.Name}\"; DROP ROLE \"{found.Name}\".")
                : Remove(found, $"its app was deleted at {deleted:u}");
        }

        if (app.DeletionRequestedAt is { } asked)
        {
            return asked <= history.AsOf - LongDeletion
                ? Report(found, $"its app's deletion was asked for at {asked:u} and is not done. DELETE /api/apps/{app.Id} sets it going again; the control plane's log says what holds it.")
                : null;
        }

        return found.Kind switch
        {
            Kind.Image or Kind.Manifest => OfImage(found, app, history, grace),
            Kind.DnsRecord when found.Name != app.Host => Report(found, $"the app answers as {app.Host}. Remove the record if nobody uses it."),
            Kind.DnsRecord or Kind.Route when app.Release is null && app.Open.Count == 0 => Remove(found, "no deployment of its app has ever succeeded"),
            Kind.Namespace when app.Release is null && app.Open.Count == 0 && found.DeploymentId is { } id => EndedBefore(id, history, grace) switch
            {
                true => Remove(found, $"no deployment of its app has ever succeeded, and {id}, whose workload is in it, has ended"),
                null => Report(found, $"no deployment of its app has ever succeeded, and of {id}, whose workload is in it, the history has not heard. Was the database put back to an earlier day? Remove its Deployment and Service by hand if not."),
                false => null,
            },
            _ => null,
        };
    }

    /// <returns>Null for a deployment that the history does not know.</returns>
    private static bool? EndedBefore(string deploymentId, History history, TimeSpan grace) =>
        history.Deployments.TryGetValue(deploymentId, out var deployment) ? deployment.FinishedAt <= history.AsOf - grace : null;

    private static Finding? OfImage(Found found, KnownApp app, History history, TimeSpan grace)
    {
        var young = found.Tags.Any(tag => AppIds.TimeOfDeployment(tag) > history.AsOf - grace);
        return young || found.Digests.Any(app.Pinned.Contains) || found.Tags.Any(app.Open.Contains)
            ? null
            : Remove(found, "no kept release and no deployment under way has this image");
    }

    private static Finding? OfUnknown(Found found) => found switch
    {
        { Mark: Mark.Ours } => Report(found, "it has this platform's mark, but the history knows no such app. Was the database put back to an earlier day? Remove it by hand if not."),
        { Kind: Kind.Route } => Report(found, "the history knows no such app. If no other platform uses this edge, withdraw it there: DELETE /v1/routes/{app}?version=…"),
        { Kind: Kind.DnsRecord or Kind.Manifest, AppId: not null } => Report(found, "the history knows no such app. Remove it by hand if no other platform uses this zone or registry."),
        _ => null,
    };

    private static Finding Remove(Found found, string reason) => new(found.Kind, found.Name, found.AppId, FindingAction.Remove, reason);

    private static Finding Report(Found found, string reason) => new(found.Kind, found.Name, found.AppId, FindingAction.Report, reason);
}
