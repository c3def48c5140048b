using Boottify.Apps;
using Boottify.Contracts.Edge;
using Boottify.Deployments;
using Marten;

namespace Boottify.Routes;

/// <summary>
/// One per node, where there are several edges: compares what they hold, and puts again what one of them lacks or has of before.
/// At the start, as soon as one answers again, and from time to time, so that nothing has to be remembered of what an edge missed.
/// Each put may be repeated and made by two nodes: versions order them with those of deployments.
/// </summary>
internal sealed class EdgeCatchUp(Edges edges, IServiceScopeFactory scopes, IDocumentStore store, TimeProvider time, ILogger<EdgeCatchUp> log) : BackgroundService
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CompareEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var known = new Dictionary<EdgeMember, int>();
        long? compared = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var answering = new List<EdgeMember>();
                foreach (var edge in edges.Members)
                {
                    if (await edge.AnswersAsync(stoppingToken))
                        answering.Add(edge);
                }

                // Absences that a deployment met between two rounds count too.
                var now = answering.ToDictionary(edge => edge, edge => edge.Absences);
                var isDue = compared is not { } at || time.GetElapsedTime(at) > CompareEvery || now.Any(edge => known.GetValueOrDefault(edge.Key, -1) != edge.Value);
                if (answering.Count > 1 && isDue && await CompareAsync(answering, stoppingToken))
                {
                    compared = time.GetTimestamp();
                    foreach (var (edge, absences) in now)
                        known[edge] = absences;
                }

                await Task.Delay(AskEvery * (0.8 + (0.4 * Random.Shared.NextDouble())), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // The node stops.
            }
        }
    }

    /// <returns>Whether they hold the same now, as far as this can see to it.</returns>
    private async Task<bool> CompareAsync(IReadOnlyList<EdgeMember> answering, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Patience);
        try
        {
            var lists = await Task.WhenAll(answering.Select(edge => edge.AskAsync(one => one.ListRoutesAsync(limit.Token), insists: false, limit.Token)));
            if (Array.Find(lists, list => list.Problem is not null) is { } silent)
                throw silent.Problem!;
            foreach (var route in MergedRoute.Unlike([.. lists.Select(list => list.Value!)]))
                await PutAgainAsync(route, limit.Token);
            return true;
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            log.LogWarning("What the edges hold cannot be compared to the end, trying again: {Reason}", e.Message);
            return false;
        }
    }

    /// <summary>Only what the history says is alive: what it says is over, or has never heard of, is housekeeping's.</summary>
    private async Task PutAgainAsync(RouteStatus newest, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        if (newest is not { Version: > 0, Upstream: { } upstream } || await session.LoadAsync<App>(newest.AppId, cancellation) is not { DeletionRequestedAt: null })
            return;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<AppRoutes>().PutAsync(newest.AppId, newest.Version, upstream, cancellation, instead: upstream);
            log.LogInformation("App {App}'s route, version {Version}, is put again: not every edge had it", newest.AppId, newest.Version);
        }
        catch (Exception e) when (e is StaleRouteException or TakenHostException or StepException)
        {
            // Something newer came meanwhile, or it was withdrawn: the next comparison sees what is left of it.
            log.LogInformation("App {App}'s route is not put again: {Reason}", newest.AppId, e.Message);
        }
    }
}
