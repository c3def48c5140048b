using k8s;
using k8s.Models;

namespace Boottify.Cluster;

/// <summary>Deletes an app's namespace, and says what keeps one that will not go.</summary>
internal sealed class NamespaceRemoval(ClusterApi api, PodRemoval pods, TimeProvider time)
{
    /// <returns>What holds the namespace after <paramref name="patience"/>, in words; null once it is gone.</returns>
    public async Task<string?> DeleteAsync(string @namespace, TimeSpan patience, CancellationToken cancellation)
    {
        await api.FindAsync(
            $"the removal of the Deployments in {@namespace}",
            (client, token) => client.AppsV1.DeleteCollectionNamespacedDeploymentAsync(@namespace, propagationPolicy: "Background", cancellationToken: token),
            cancellation);
        await pods.StopAsync(@namespace, cancellation);
        // A namespace that still holds pods when it is deleted is looked at again only after half their grace period.
        await pods.AreGoneAsync(@namespace, _ => true, patience < PodRemoval.Patience ? patience : PodRemoval.Patience, cancellation);
        await api.FindAsync(
            $"the removal of Namespace {@namespace}",
            (client, token) => client.CoreV1.DeleteNamespaceAsync(@namespace, cancellationToken: token),
            cancellation);

        V1Namespace? last = null;
        var gone = Watching.UntilAsync(
            api,
            (client, token) => client.CoreV1.ListNamespaceAsync(fieldSelector: $"metadata.name={@namespace}", cancellationToken: token),
            (client, version, failed, token) => client.CoreV1.WatchListNamespaceAsync(
                fieldSelector: $"metadata.name={@namespace}", resourceVersion: version, onError: failed, cancellationToken: token),
            (IReadOnlyCollection<V1Namespace> namespaces) =>
            {
                last = namespaces.FirstOrDefault() ?? last;
                return namespaces.Count == 0;
            },
            patience,
            time,
            cancellation);
        return await gone ? null : WhatHolds(last);
    }

    private static string WhatHolds(V1Namespace? held)
    {
        var reasons = held?.Status?.Conditions?
            .Where(condition => condition.Status == "True")
            .Select(condition => condition.Message)
            .Where(message => !string.IsNullOrWhiteSpace(message))
            .ToList() ?? [];
        var finalizers = held?.Metadata.Finalizers ?? [];
        if (finalizers.Count > 0)
            reasons.Add($"Finalizers of the namespace itself: {string.Join(", ", finalizers)}");
        return reasons.Count > 0 ? string.Join(" ", reasons) : "Kubernetes is still deleting its objects and names no reason.";
    }
}
