using Boottify.Contracts.Edge;
using Boottify.Edge.Certificates;
using Boottify.Edge.Nginx;

namespace Boottify.Edge.Routes;

/// <summary>
/// Changes of the desired routes, each in the same order: decide, store on disk, start the orders for new hosts, then
/// wait until nginx serves it. A crash after the store is made good at the next start; a configuration that nginx
/// refuses takes the store back to what it was.
/// </summary>
public sealed class RouteService(DesiredState desired, NginxApplier applier, LiveRoutes live, CertificateKeeper certificates, TimeProvider clock)
{
    /// <summary>A change that the edge does not make; the message says why and what to do.</summary>
    public sealed class RefusedException(string detail, string? takenHost = null) : Exception(detail)
    {
        /// <summary>Where another app has one of the hosts.</summary>
        public string? TakenHost => takenHost;
    }

    /// <param name="instead">The upstream that it shall take the place of; null for any.</param>
    /// <exception cref="RefusedException">An older version, another upstream than the one to replace, or a host that another app has.</exception>
    /// <exception cref="NginxRefusedException">nginx did not take it; nothing was changed.</exception>
    public async Task<RouteStatus> PutAsync(CheckedRoute route, string? instead, CancellationToken cancellation)
    {
        var wanted = new DesiredState.Entry(route.Version, route, clock.GetUtcNow());
        var (changed, before) = await StoreAsync(route.AppId, held => RouteDecision.Of(route, held, desired.OwnerOf, instead), wanted, cancellation);
        try
        {
            await applier.ApplyAsync(cancellation);
        }
        catch (NginxRefusedException) when (changed)
        {
            await TakeBackAsync(route.AppId, wanted, before);
            throw;
        }

        return Status(route.AppId)!;
    }

    /// <summary>Withdraws an app's route, certificates and keys; one that is not there stays away.</summary>
    /// <exception cref="RefusedException">The edge holds a later version than the one to withdraw.</exception>
    public async Task DeleteAsync(string appId, long version, CancellationToken cancellation)
    {
        await StoreAsync(appId, held => held switch
        {
            { } later when later.Version > version => new RouteDecision.Refuse(
                $"Version {version} is older than version {later.Version}, which the edge holds. Nothing was changed; drop this message."),
            { Route: null } gone when gone.Version == version => new RouteDecision.AlreadySo(),
            _ => new RouteDecision.Accept(),
        }, new DesiredState.Entry(version, null, clock.GetUtcNow()), cancellation);
        await applier.ApplyAsync(cancellation);
    }

    /// <summary>
    /// Makes the given routes the whole desired state: what is newer than what the edge holds is taken, what is older is
    /// left alone, and apps that are not named are withdrawn, unless they were stored after <paramref name="asOf"/>.
    /// </summary>
    public async Task PutAllAsync(IReadOnlyList<CheckedRoute> routes, DateTimeOffset asOf, CancellationToken cancellation)
    {
        var named = routes.Select(route => route.AppId).ToHashSet(StringComparer.Ordinal);
        await desired.Gate.WaitAsync(cancellation);
        try
        {
            // Withdrawals first: a host may have moved from one app to another.
            foreach (var absent in desired.Snapshot().Where(route => !named.Contains(route.AppId)))
                if (desired.Find(absent.AppId) is { } held && held.At <= asOf)
                    await desired.StoreAsync(absent.AppId, new DesiredState.Entry(held.Version, null, clock.GetUtcNow()), cancellation);
            foreach (var route in routes)
                if (RouteDecision.Of(route, desired.Find(route.AppId), desired.OwnerOf) is RouteDecision.Accept)
                    await desired.StoreAsync(route.AppId, new DesiredState.Entry(route.Version, route, clock.GetUtcNow()), cancellation);
            certificates.Follow(desired.Snapshot());
        }
        finally
        {
            desired.Gate.Release();
        }

        await applier.ApplyAsync(cancellation);
    }

    /// <summary>Null when the edge has no route for the app.</summary>
    public RouteStatus? Status(string appId) => desired.Find(appId)?.Route is { } route ? StatusOf(route) : null;

    public IReadOnlyList<RouteStatus> All() => [.. desired.Snapshot().Select(StatusOf)];

    /// <summary>The status once none of the app's certificates is on its way any more, or when the time is over.</summary>
    public async Task<RouteStatus?> WaitAsync(string appId, TimeSpan time, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(time);
        while (true)
        {
            var changed = certificates.Changed;
            var status = Status(appId);
            if (status is null || status.Live && status.Hosts.All(host => host.Certificate is CertificateState.Active or CertificateState.Failed)) return status;
            try
            {
                await changed.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return Status(appId);
            }
        }
    }

    private RouteStatus StatusOf(CheckedRoute route)
    {
        var version = live.VersionOf(route.AppId);
        return new RouteStatus(route.AppId, version, version == route.Version, [.. route.Hosts.Select(host => certificates.StatusOf(host.Name))], route.Upstream.ToString());
    }

    private async Task<(bool Changed, DesiredState.Entry? Before)> StoreAsync(
        string appId, Func<DesiredState.Entry?, RouteDecision> decide, DesiredState.Entry entry, CancellationToken cancellation)
    {
        await desired.Gate.WaitAsync(cancellation);
        try
        {
            var before = desired.Find(appId);
            var decision = decide(before);
            if (decision is RouteDecision.Refuse refused) throw new RefusedException(refused.Detail, refused.TakenHost);
            if (decision is RouteDecision.AlreadySo) return (false, before);
            await desired.StoreAsync(appId, entry, cancellation);
            certificates.Follow(desired.Snapshot());
            return (true, before);
        }
        finally
        {
            desired.Gate.Release();
        }
    }

    private async Task TakeBackAsync(string appId, DesiredState.Entry refused, DesiredState.Entry? before)
    {
        await desired.Gate.WaitAsync(CancellationToken.None);
        try
        {
            if (desired.Find(appId) != refused) return; // A later change is not ours to undo.
            await desired.StoreAsync(appId, before, CancellationToken.None);
            certificates.Follow(desired.Snapshot());
        }
        finally
        {
            desired.Gate.Release();
        }
    }
}
