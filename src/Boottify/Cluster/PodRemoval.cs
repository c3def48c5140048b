using k8s;
using k8s.Models;

namespace Boottify.Cluster;

/// <summary>Ends an app's pods, and sees that they have ended.</summary>
internal sealed class PodRemoval(ClusterApi api, TimeProvider time)
{
    /// <summary>For pods that nobody sends to any more.</summary>
    private const int HurriedGraceSeconds = 1;

    /// <summary>How long pods without a grace of their own are waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task StopAsync(string @namespace, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null)
    {
        await api.DeleteAsync(
            $"the removal of the ReplicaSets in {@namespace}",
            (client, token) => client.AppsV1.DeleteCollectionNamespacedReplicaSetAsync(@namespace, propagationPolicy: "Background", cancellationToken: token),
            cancellation,
            fence);
        await api.DeleteAsync(
            $"the removal of the pods in {@namespace}",
            (client, token) => client.CoreV1.DeleteCollectionNamespacedPodAsync(@namespace, gracePeriodSeconds: HurriedGraceSeconds, cancellationToken: token),
            cancellation,
            fence);
    }

    /// <exception cref="TimeoutException">They were still there after <paramref name="patience"/>.</exception>
    public async Task RequireGoneAsync(string @namespace, Func<V1Pod, bool> which, TimeSpan patience, CancellationToken cancellation)
    {
        if (!await AreGoneAsync(@namespace, which, patience, cancellation))
            throw new TimeoutException($"Pods are left in {@namespace} after {patience.TotalSeconds:0} s, though their deletion was asked for.");
    }

    public Task<bool> AreGoneAsync(string @namespace, Func<V1Pod, bool> which, TimeSpan patience, CancellationToken cancellation) => Watching.UntilAsync(
        api,
        (client, token) => client.CoreV1.ListNamespacedPodAsync(@namespace, cancellationToken: token),
        (client, version, failed, token) => client.CoreV1.WatchListNamespacedPodAsync(@namespace, resourceVersion: version, onError: failed, cancellationToken: token),
        (IReadOnlyCollection<V1Pod> left) => !left.Any(which),
        patience,
        time,
        cancellation);
}
