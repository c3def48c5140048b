using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Databases;
using Boottify.Deployments;
using Boottify.Deployments.Queue;
using Boottify.Domains;
using Boottify.Platform;
using Boottify.Routes;
using Marten;
using Polly.Timeout;

namespace Boottify.Apps;

/// <summary>What a look at an app that is being removed found.</summary>
public enum RemovalOutcome
{
    /// <summary>Nothing of it is left.</summary>
    Gone,

    /// <summary>Its deployments are being stopped.</summary>
    Stopping,

    /// <summary>Something does not go; the app's stream says what.</summary>
    Blocked,
}

/// <summary>
/// Takes an app out of the world, each part by itself, and looks that it is gone. Every part may be gone already, so a run after
/// a crash does what the first one left; only a run that saw every part gone ends the app.
/// </summary>
public sealed class AppRemover(
    IDocumentStore store, Cancellations cancellations, IServiceScopeFactory scopes, PlatformSettings settings, TimeProvider time, ILogger<AppRemover> log)
{
    /// <summary>The commits and deliveries that were seen: none comes to an app that is gone.</summary>
    private const string ForgetSql = $"delete from {WorkTable.Seen} where app_id = ?";

    private static readonly TimeSpan PatiencePerPart = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan NamespacePatience = TimeSpan.FromSeconds(20);

    /// <summary>Deployments that take longer than this to stop are worth a word.</summary>
    private static readonly TimeSpan StoppingPatience = TimeSpan.FromSeconds(30);

    public async Task<RemovalOutcome> RunAsync(string appId, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        if (await session.LoadAsync<App>(appId, cancellation) is not { DeletedAt: null, DeletionRequestedAt: { } requestedAt } app)
        {
            session.Delete<AppRemoval>(appId);
            await session.SaveChangesAsync(cancellation);
            return RemovalOutcome.Gone;
        }

        if (await StopDeploymentsAsync(session, app.Id, cancellation) is { } running)
        {
            if (time.GetUtcNow() - requestedAt > StoppingPatience)
                await BlockedAsync(session, app, $"Deployment {running} is still being stopped.", cancellation);
            return RemovalOutcome.Stopping;
        }

        await using var scope = scopes.CreateAsyncScope();
        var moment = await RequestMoment.NextAsync(session, app.Id, time, cancellation);
        if (await RemoveAsync(app, moment, scope.ServiceProvider, cancellation) is { } left)
        {
            await BlockedAsync(session, app, left, cancellation);
            return RemovalOutcome.Blocked;
        }

        var stream = await session.Events.FetchForWriting<App>(app.Id, cancellation);
        if (stream.Aggregate is { DeletedAt: null })
            stream.AppendOne(new AppDeleted(time.GetUtcNow()));
        session.Delete<AppRemoval>(app.Id);
        session.QueueSqlCommand(ForgetSql, app.Id);
        await session.SaveChangesAsync(cancellation);
        return RemovalOutcome.Gone;
    }

    /// <summary>
    /// The order matters where one part leads to another: visitors leave, then the app itself goes and what it stored, then
    /// its images, which its pods hold.
    /// </summary>
    /// <returns>Null when each part was seen to be gone; else what is left and why.</returns>
    private async Task<string?> RemoveAsync(App app, DateTimeOffset moment, IServiceProvider services, CancellationToken cancellation)
    {
        var routes = services.GetRequiredService<AppRoutes>();
        var names = app.Names;
        var hosts = app.Releases.SelectMany(r => r.HostsOf(app, settings)).Concat(app.Hosts(settings)).Distinct(StringComparer.Ordinal).ToList();
        var records = PartAsync(app, "DNS records", token => routes.WithdrawNamesAsync(hosts, token), cancellation);
        var route = await PartAsync(app, "Route", token => routes.WithdrawRouteAsync(app.Id, RouteVersion.OfDeletion(moment), token), cancellation);

        string?[] inside = [];
        string? domains = null;
        // While a route leads to it, its Service keeps its address: the next to get that would get these visitors.
        if (route is null)
        {
            domains = await PartAsync(app, "Domains", token => services.GetRequiredService<AppDomains>().EndAsync(app.Id, token), cancellation);
            inside = await Task.WhenAll(
                PartAsync(app, "Namespace", token => DeleteNamespaceAsync(services.GetRequiredService<ICluster>(), names.Namespace, token), cancellation),
                PartAsync(app, "Database", token => services.GetRequiredService<IAppDatabases>().DropAsync(names.Database, names.DatabaseRole, token), cancellation));
        }

        var images = await PartAsync(app, "Images", token => services.GetRequiredService<IImageBuilder>().DeleteRepositoryAsync(names.ImageRepository, token), cancellation);
        var left = new[] { route, await records, domains }.Concat(inside).Append(images).OfType<string>().ToList();
        return left.Count == 0 ? null : string.Join(' ', left);
    }

    private static async Task DeleteNamespaceAsync(ICluster cluster, string @namespace, CancellationToken cancellation)
    {
        if (await cluster.DeleteNamespaceAsync(@namespace, NamespacePatience, cancellation) is { } held)
            throw new PassingFaultException($"{@namespace} does not go. {held}");
    }

    /// <returns>Null when the part is gone; else why not.</returns>
    private async Task<string?> PartAsync(App app, string part, Func<CancellationToken, Task> remove, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(PatiencePerPart);
        try
        {
            await remove(patience.Token);
            return null;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("App {App}: {Part} not gone yet: {Reason}", app.Id, part, e.Message);
            return $"{part}: {Words(e)}";
        }
    }

    /// <summary>The same words for the same trouble, however it shows, so that each is told once.</summary>
    private static string Words(Exception e) => e switch
    {
        HttpRequestException { StatusCode: null } or TimeoutRejectedException or OperationCanceledException =>
            "what holds it does not answer.",
        _ when e.Message.Length > 800 => e.Message[..800] + "…",
        _ => e.Message,
    };

    /// <returns>One that still runs.</returns>
    private async Task<string?> StopDeploymentsAsync(IQuerySession session, string appId, CancellationToken cancellation)
    {
        var open = await session.Query<Deployment>().Where(d => d.AppId == appId && d.FinishedAt == null).ToListAsync(cancellation);
        string? running = null;
        foreach (var deployment in open)
        {
            if (!(await cancellations.RequestAsync(deployment.Id, "deletion of the app", cancellation)).Ended)
                running ??= deployment.Id;
        }

        return running;
    }

    private async Task BlockedAsync(IDocumentSession session, App app, string reason, CancellationToken cancellation)
    {
        if (string.Equals(app.DeletionBlockedBy, reason, StringComparison.Ordinal))
            return;
        var stream = await session.Events.FetchForWriting<App>(app.Id, cancellation);
        stream.AppendOne(new AppDeletionBlocked(reason, time.GetUtcNow()));
        await session.SaveChangesAsync(cancellation);
    }
}
