using System.Security.Cryptography;
using Boottify.Cluster;

namespace Boottify.Routes;

/// <summary>
/// Connections between the edge and the pods of the release before: one that is kept stays with its pod, and new ones go there
/// until the rules of the edge's node have heard of the change, which may be seconds after the API server's watchers.
/// </summary>
public sealed class OldConnections(ICluster cluster, IEdge edge, TimeProvider time, ILogger<OldConnections> log)
{
    /// <summary>The edge uses a kept connection for so long at most (<c>nginx-templates/tables.conf.liquid</c>).</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The edge is only asked to help: one that is away makes publishing wait a little longer, nothing else.</summary>
    private static readonly TimeSpan PatienceWithEdge = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Time for those kept so far to run out. No longer, also where a release does not get ready: a connection for each request
    /// takes one of the edge's ports for a minute, of which there are 28,000 to a Service.
    /// </summary>
    private static readonly TimeSpan FreshAfterwards = Longest + TimeSpan.FromSeconds(1);

    /// <summary>
    /// Returns once every request that is sent from then on is answered by the new release. To be called when no old pod is
    /// among the Service's endpoints any more.
    /// </summary>
    public async Task AwaitGoneAsync(AppWorkload workload, Func<CancellationToken, Task> fence, CancellationToken cancellation)
    {
        var fresh = BeginFreshAsync(workload.AppId, Patience + FreshAfterwards, cancellation);
        var settled = await cluster.OpenSettledPortAsync(workload, RandomNumberGenerator.GetInt32(20_000, 30_000), cancellation, fence);
        if (!await edge.ReachesAsync(settled.Upstream, Patience, cancellation))
        {
            // Not every cluster can be seen from the edge like this; none is known that takes longer than this.
            log.LogWarning("The rules for app {App}'s Service were not seen to change within {Patience}", workload.AppId, Patience);
        }

        if (await fresh)
            await BeginFreshAsync(workload.AppId, FreshAfterwards, cancellation);
        else
            await Task.Delay(Longest, time, cancellation);
    }

    /// <summary>Asks the edge to use no kept connection for the app's requests from now on, for that long.</summary>
    private async Task<bool> BeginFreshAsync(string appId, TimeSpan atMost, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(PatienceWithEdge);
        try
        {
            return await edge.BeginFreshConnectionsAsync(appId, atMost, patience.Token);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("The edge was not told that app {App} has new pods: {Reason}", appId, e.Message);
            return false;
        }
    }
}
