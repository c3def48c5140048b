using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Databases;
using Boottify.Deployments;
using Boottify.Dns;
using Boottify.Platform;
using Boottify.Routes;
using Marten;
using Wolverine;
using Wolverine.Attributes;

namespace Boottify.Apps;

/// <summary>Removes every trace of an app from the outside world. Durable, and sent again until all is gone.</summary>
public sealed record RemoveApp(string AppId);

public static class RemoveAppHandler
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan NamespacePatience = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Every part may be gone already, so a run after a crash does what the first one left. The order matters: nothing new
    /// starts, visitors leave, then the app itself goes, then what it stored.
    /// </summary>
    [MessageTimeout(180)]
    public static async Task<ScheduledMessage<RemoveApp>?> Handle(
        RemoveApp command, IDocumentStore store, Cancellations cancellations, IEdge edge, IDnsZone zone, ICluster cluster, IAppDatabases databases,
        IImageBuilder builder, PlatformSettings settings, TimeProvider time, ILogger<RemoveApp> log, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        if (await session.LoadAsync<App>(command.AppId, cancellation) is not { DeletedAt: null } app)
            return null;
        try
        {
            if (await StopDeploymentsAsync(session, cancellations, app.Id, cancellation))
                return new ScheduledMessage<RemoveApp>(command, time.GetUtcNow() + Again);

            var names = app.Names;
            await edge.DeleteRouteAsync(app.Id, RouteVersion.OfDeletion(time.GetUtcNow()), cancellation);
            await zone.WithdrawAsync(names.Host(settings.Domain), cancellation);
            if (await cluster.DeleteNamespaceAsync(names.Namespace, NamespacePatience, cancellation) is { } held)
            {
                log.LogWarning("App {App}: its namespace does not go: {Reason}", app.Id, held);
                return new ScheduledMessage<RemoveApp>(command, time.GetUtcNow() + Again);
            }

            await databases.DropAsync(names.Database, names.DatabaseRole, cancellation);
            await builder.DeleteRepositoryAsync(names.ImageRepository, cancellation);
            session.Events.Append(app.Id, app.Version + 1, new AppDeleted(time.GetUtcNow()));
            await session.SaveChangesAsync(cancellation);
            return null;
        }
        catch (Exception e)
        {
            log.LogWarning("App {App} is not all gone yet: {Reason}", app.Id, e.Message);
            return new ScheduledMessage<RemoveApp>(command, time.GetUtcNow() + Again);
        }
    }

    /// <returns>Whether any still runs.</returns>
    private static async Task<bool> StopDeploymentsAsync(IQuerySession session, Cancellations cancellations, string appId, CancellationToken cancellation)
    {
        var open = await session.Query<Deployment>().Where(d => d.AppId == appId && d.FinishedAt == null).ToListAsync(cancellation);
        var running = false;
        foreach (var deployment in open)
            running |= !(await cancellations.RequestAsync(deployment.Id, "deletion of the app", cancellation)).Ended;
        return running;
    }
}
