using Boottify.Cluster.Objects;
using Boottify.Cluster.Rollout;
using Boottify.Deployments;
using Boottify.Logs;
using k8s;
using k8s.Models;

namespace Boottify.Cluster;

/// <inheritdoc cref="ICluster"/>
internal sealed class KubernetesCluster(ClusterApi api, ClusterInspection inspection, ClusterSettings settings, RolloutWatch rollouts, TimeProvider time)
    : ICluster
{
    /// <summary>For pods that nobody sends to any more.</summary>
    private const int HurriedGraceSeconds = 1;

    private static readonly TimeSpan PatienceForPods = TimeSpan.FromSeconds(30);

    public async Task PrepareAsync(AppWorkload workload, CancellationToken cancellation)
    {
        await RequireOursAsync(workload.Namespace, cancellation);
        var cluster = await inspection.InspectAsync(cancellation);
        await api.ApplyAsync(Tenancy.Namespace(workload, settings.Instance), cancellation);
        await Task.WhenAll(
            ApplyLimitsAsync(workload, cancellation),
            api.ApplyAsync(Tenancy.PullSecret(workload, settings.Instance), cancellation),
            api.ApplyAsync(Network.NetworkPolicy(workload, settings, cluster.NodeAddresses), cancellation),
            api.ApplyAsync(Tenancy.ServiceAccount(workload, settings.Instance), cancellation));
    }

    public async Task<AppliedWorkload> ApplyAsync(AppWorkload workload, CancellationToken cancellation)
    {
        var cluster = await inspection.InspectAsync(cancellation);
        var service = api.ApplyAsync(Network.Service(workload, settings.Instance), cancellation);
        await Task.WhenAll(
            service,
            ApplyLimitsAsync(workload, cancellation),
            api.ApplyAsync(AppEnvironment.ConfigMap(workload, cluster, settings.Instance), cancellation),
            api.ApplyAsync(AppEnvironment.Secret(workload, settings.Instance), cancellation),
            api.ApplyAsync(Network.Ingress(workload, settings.Instance), cancellation));

        // Last, when all that its pods read is there.
        await api.ApplyAsync(WorkloadObjects.Deployment(workload, cluster, settings.Instance), cancellation);
        await PruneEnvironmentsAsync(workload, cancellation);
        return new AppliedWorkload((await service).Spec.ClusterIP, Network.ServicePort);
    }

    public Task WatchRolloutAsync(AppWorkload workload, TimeSpan deadline, ILogSink log, CancellationToken cancellation) =>
        rollouts.WatchAsync(workload, deadline, log, cancellation);

    public async Task RemoveWorkloadAsync(string @namespace, CancellationToken cancellation)
    {
        if (await FindOursAsync(@namespace, cancellation) is null)
            return;

        const string name = Apps.AppNames.Workload;
        await Task.WhenAll(
            api.FindAsync($"the removal of Ingress {name}", (client, token) => client.NetworkingV1.DeleteNamespacedIngressAsync(name, @namespace, cancellationToken: token), cancellation),
            api.FindAsync($"the removal of Service {name}", (client, token) => DeleteServiceAsync(client, @namespace, name, token), cancellation),
            api.FindAsync(
                $"the removal of Deployment {name}",
                (client, token) => client.AppsV1.DeleteNamespacedDeploymentAsync(name, @namespace, propagationPolicy: "Background", cancellationToken: token),
                cancellation));
        await StopPodsAsync(@namespace, cancellation);
        if (!await ArePodsGoneAsync(@namespace, PatienceForPods, cancellation))
            throw new TimeoutException($"Pods are left in {@namespace} after {PatienceForPods.TotalSeconds:0} s, though their deletion was asked for.");
    }

    public async Task<string?> DeleteNamespaceAsync(string @namespace, TimeSpan patience, CancellationToken cancellation)
    {
        if (await FindOursAsync(@namespace, cancellation) is null)
            return null;

        await api.FindAsync(
            $"the removal of the Deployments in {@namespace}",
            (client, token) => client.AppsV1.DeleteCollectionNamespacedDeploymentAsync(@namespace, propagationPolicy: "Background", cancellationToken: token),
            cancellation);
        await StopPodsAsync(@namespace, cancellation);
        // A namespace that still holds pods when it is deleted is looked at again only after half their grace period.
        await ArePodsGoneAsync(@namespace, patience < PatienceForPods ? patience : PatienceForPods, cancellation);
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

    public async Task<IReadOnlyList<string>> ListAppsAsync(CancellationToken cancellation)
    {
        var found = await api.CallAsync(
            "the list of namespaces",
            (client, token) => client.CoreV1.ListNamespaceAsync(labelSelector: $"{Labels.ManagedBy}={Labels.Platform},{Labels.Instance}={settings.Instance}", cancellationToken: token),
            cancellation);
        return [.. found.Items.Select(n => n.GetLabel(Labels.App)).OfType<string>().Order(StringComparer.Ordinal)];
    }

    internal static string WhatHolds(V1Namespace? held)
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

    private async Task ApplyLimitsAsync(AppWorkload workload, CancellationToken cancellation)
    {
        var running = await api.FindAsync(
            "the running Deployment",
            (client, token) => client.AppsV1.ReadNamespacedDeploymentAsync(Apps.AppNames.Workload, workload.Namespace, cancellationToken: token),
            cancellation);
        await Task.WhenAll(
            api.ApplyAsync(Quotas.ResourceQuota(workload, running, settings.Instance), cancellation),
            api.ApplyAsync(Quotas.LimitRange(workload, settings.Instance), cancellation));
    }

    private async Task RequireOursAsync(string @namespace, CancellationToken cancellation) => await FindOursAsync(@namespace, cancellation);

    /// <exception cref="StepException">The namespace is there, but this platform did not make it.</exception>
    private async Task<V1Namespace?> FindOursAsync(string @namespace, CancellationToken cancellation)
    {
        var found = await api.FindAsync(
            $"a look at Namespace {@namespace}", (client, token) => client.CoreV1.ReadNamespaceAsync(@namespace, cancellationToken: token), cancellation);
        if (found is null || (found.GetLabel(Labels.ManagedBy) == Labels.Platform && found.GetLabel(Labels.Instance) == settings.Instance))
            return found;
        throw new StepException(
            $"Namespace {@namespace} exists and is not this platform's (its label {Labels.Instance} is not {settings.Instance}). Rename or remove it, or deploy the app under a new id.");
    }

    /// <summary>Environments that no ReplicaSet can bring back any more.</summary>
    private async Task PruneEnvironmentsAsync(AppWorkload workload, CancellationToken cancellation)
    {
        var @namespace = workload.Namespace;
        var sets = await api.CallAsync(
            "the list of ReplicaSets", (client, token) => client.AppsV1.ListNamespacedReplicaSetAsync(@namespace, cancellationToken: token), cancellation);
        var needed = sets.Items
            .Select(set => Labels.Read(set.Spec.Template.Metadata.Annotations, Labels.Environment))
            .Append(AppEnvironment.Hash(workload))
            .OfType<string>()
            .Distinct(StringComparer.Ordinal);
        var stale = $"{Labels.Environment},{Labels.Environment} notin ({string.Join(',', needed)})";
        await Task.WhenAll(
            api.CallAsync("the removal of old ConfigMaps", (client, token) => client.CoreV1.DeleteCollectionNamespacedConfigMapAsync(@namespace, labelSelector: stale, cancellationToken: token), cancellation),
            api.CallAsync("the removal of old Secrets", (client, token) => client.CoreV1.DeleteCollectionNamespacedSecretAsync(@namespace, labelSelector: stale, cancellationToken: token), cancellation));
    }

    private async Task StopPodsAsync(string @namespace, CancellationToken cancellation)
    {
        await api.FindAsync(
            $"the removal of the ReplicaSets in {@namespace}",
            (client, token) => client.AppsV1.DeleteCollectionNamespacedReplicaSetAsync(@namespace, propagationPolicy: "Background", cancellationToken: token),
            cancellation);
        await api.FindAsync(
            $"the removal of the pods in {@namespace}",
            (client, token) => client.CoreV1.DeleteCollectionNamespacedPodAsync(@namespace, gracePeriodSeconds: HurriedGraceSeconds, cancellationToken: token),
            cancellation);
    }

    private static async Task<V1Service> DeleteServiceAsync(IKubernetes client, string @namespace, string name, CancellationToken cancellation)
    {
        try
        {
            return await client.CoreV1.DeleteNamespacedServiceAsync(name, @namespace, cancellationToken: cancellation);
        }
        catch (System.Text.Json.JsonException)
        {
            // It is done: older API servers answer with a Status where later ones, and the client, have the Service.
            return new V1Service();
        }
    }

    private Task<bool> ArePodsGoneAsync(string @namespace, TimeSpan patience, CancellationToken cancellation) => Watching.UntilAsync(
        api,
        (client, token) => client.CoreV1.ListNamespacedPodAsync(@namespace, cancellationToken: token),
        (client, version, failed, token) => client.CoreV1.WatchListNamespacedPodAsync(@namespace, resourceVersion: version, onError: failed, cancellationToken: token),
        (IReadOnlyCollection<V1Pod> pods) => pods.Count == 0,
        patience,
        time,
        cancellation);
}
