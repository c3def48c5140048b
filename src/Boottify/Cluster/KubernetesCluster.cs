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

    private static readonly TimeSpan PatienceForPods = TimeSpan.FromSeconds(60);

    public async Task<AppliedWorkload> ApplyAsync(AppWorkload workload, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null)
    {
        var inspected = inspection.InspectAsync(cancellation);
        var exists = await FindOursAsync(workload.Namespace, cancellation) is not null;
        var cluster = await inspected;
        var @namespace = api.ApplyAsync(Tenancy.Namespace(workload, settings.Instance), cancellation);
        if (!exists)
            await @namespace;
        var service = api.ApplyAsync(Network.Service(workload, settings.Instance), cancellation);
        await Task.WhenAll(
            @namespace,
            service,
            ApplyLimitsAsync(workload, cancellation),
            api.ApplyAsync(Tenancy.PullSecret(workload, settings.Instance), cancellation),
            api.ApplyAsync(Network.NetworkPolicy(workload, settings, cluster.NodeAddresses), cancellation),
            api.ApplyAsync(Tenancy.ServiceAccount(workload, settings.Instance), cancellation),
            api.ApplyAsync(AppEnvironment.ConfigMap(workload, cluster, settings.Instance), cancellation),
            api.ApplyAsync(AppEnvironment.Secret(workload, settings.Instance), cancellation),
            api.ApplyAsync(Network.Ingress(workload, settings.Instance), cancellation));

        // Last, when all that its pods read is there.
        await ApplyDeploymentAsync(WorkloadObjects.Deployment(workload, cluster, settings.Instance), fence, cancellation);
        return new AppliedWorkload((await service).Spec.ClusterIP, Network.ServicePort);
    }

    public async Task<AppliedWorkload> OpenSettledPortAsync(AppWorkload workload, int port, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null)
    {
        if (fence is not null)
            await fence(cancellation);
        var service = await api.ApplyAsync(Network.Service(workload, settings.Instance, port), cancellation);
        return new AppliedWorkload(service.Spec.ClusterIP, port);
    }

    public Task WatchRolloutAsync(AppWorkload workload, TimeSpan deadline, ILogSink log, CancellationToken cancellation) =>
        rollouts.WatchAsync(workload, deadline, log, cancellation);

    public async Task PruneAsync(AppWorkload workload, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null)
    {
        var @namespace = workload.Namespace;
        var needed = (await ReplicaSetsAsync(@namespace, cancellation))
            .Select(set => Labels.Read(set.Spec.Template.Metadata.Annotations, Labels.Environment))
            .Append(AppEnvironment.Hash(workload))
            .OfType<string>()
            .Distinct(StringComparer.Ordinal);
        var stale = $"{Labels.Environment},{Labels.Environment} notin ({string.Join(',', needed)})";
        if (fence is not null)
            await fence(cancellation);
        await Task.WhenAll(
            api.ApplyAsync(Network.Service(workload, settings.Instance), cancellation),
            RemoveEnvironmentsAsync(@namespace, stale, cancellation));
    }

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
        await RequirePodsGoneAsync(@namespace, _ => true, PatienceForPods, cancellation);
        await RemoveEnvironmentsAsync(@namespace, Labels.Environment, cancellation);
    }

    public async Task ForgetAsync(AppWorkload workload, string deploymentId, CancellationToken cancellation)
    {
        var @namespace = workload.Namespace;
        foreach (var set in (await ReplicaSetsAsync(@namespace, cancellation)).Where(set => IsOf(set.Spec.Template.Metadata, deploymentId)))
        {
            await api.FindAsync(
                $"the removal of ReplicaSet {set.Name()}",
                (client, token) => client.AppsV1.DeleteNamespacedReplicaSetAsync(set.Name(), @namespace, propagationPolicy: "Background", cancellationToken: token),
                cancellation);
        }

        await RequirePodsGoneAsync(@namespace, pod => IsOf(pod.Metadata, deploymentId), Draining.Delay + Draining.Grace + PatienceForPods, cancellation);
        await PruneAsync(workload, cancellation);
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
        await ArePodsGoneAsync(@namespace, _ => true, patience < PatienceForPods ? patience : PatienceForPods, cancellation);
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

    public async Task<IReadOnlyList<AppNamespace>> ListNamespacesAsync(CancellationToken cancellation)
    {
        var ours = $"{Labels.ManagedBy}={Labels.Platform},{Labels.Instance}={settings.Instance}";
        const string workload = $"metadata.name={Apps.AppNames.Workload}";
        var namespaces = await api.CallAsync(
            "the list of namespaces", (client, token) => client.CoreV1.ListNamespaceAsync(labelSelector: ours, cancellationToken: token), cancellation);
        var deployments = await api.CallAsync(
            "the list of Deployments",
            (client, token) => client.AppsV1.ListDeploymentForAllNamespacesAsync(labelSelector: ours, fieldSelector: workload, cancellationToken: token), cancellation);
        var services = await api.CallAsync(
            "the list of Services",
            (client, token) => client.CoreV1.ListServiceForAllNamespacesAsync(labelSelector: ours, fieldSelector: workload, cancellationToken: token), cancellation);

        var complete = deployments.Items.Select(d => d.Namespace()).Intersect(services.Items.Select(s => s.Namespace()), StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. from found in namespaces.Items
               let app = found.GetLabel(Labels.App)
               where app is not null
               let created = found.Metadata.CreationTimestamp is { } at ? new DateTimeOffset(at.ToUniversalTime()) : DateTimeOffset.MinValue
               select new AppNamespace(found.Metadata.Name, app, complete.Contains(found.Metadata.Name), found.Metadata.DeletionTimestamp is not null, created),
        ];
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

    /// <summary>Against the version that was read before the fence was asked: a conflict reads and asks again.</summary>
    private Task<V1Deployment> ApplyDeploymentAsync(V1Deployment wish, Func<CancellationToken, Task>? fence, CancellationToken cancellation) =>
        api.CallAsync(
            $"Deployment {wish.Name()}",
            async (client, token) =>
            {
                var held = await FindDeploymentAsync(wish.Namespace(), token);
                if (fence is not null)
                    await fence(token);
                wish.Metadata.ResourceVersion = held?.Metadata.ResourceVersion;
                return await client.AppsV1.PatchNamespacedDeploymentAsync(
                    new V1Patch(wish, V1Patch.PatchType.ApplyPatch), wish.Name(), wish.Namespace(), fieldManager: ClusterApi.FieldManager, force: true, cancellationToken: token);
            },
            cancellation);

    private Task<V1Deployment?> FindDeploymentAsync(string @namespace, CancellationToken cancellation) => api.FindAsync(
        "the running Deployment",
        (client, token) => client.AppsV1.ReadNamespacedDeploymentAsync(Apps.AppNames.Workload, @namespace, cancellationToken: token),
        cancellation);

    private async Task ApplyLimitsAsync(AppWorkload workload, CancellationToken cancellation)
    {
        var running = await FindDeploymentAsync(workload.Namespace, cancellation);
        await Task.WhenAll(
            api.ApplyAsync(Quotas.ResourceQuota(workload, running, settings.Instance), cancellation),
            api.ApplyAsync(Quotas.LimitRange(workload, settings.Instance), cancellation));
    }

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

    private Task RemoveEnvironmentsAsync(string @namespace, string which, CancellationToken cancellation) => Task.WhenAll(
        api.CallAsync("the removal of old ConfigMaps", (client, token) => client.CoreV1.DeleteCollectionNamespacedConfigMapAsync(@namespace, labelSelector: which, cancellationToken: token), cancellation),
        api.CallAsync("the removal of old Secrets", (client, token) => client.CoreV1.DeleteCollectionNamespacedSecretAsync(@namespace, labelSelector: which, cancellationToken: token), cancellation));

    private async Task<IList<V1ReplicaSet>> ReplicaSetsAsync(string @namespace, CancellationToken cancellation) =>
        (await api.CallAsync(
            "the list of ReplicaSets", (client, token) => client.AppsV1.ListNamespacedReplicaSetAsync(@namespace, cancellationToken: token), cancellation)).Items;

    private static bool IsOf(V1ObjectMeta metadata, string deploymentId) =>
        string.Equals(Labels.Read(metadata.Annotations, Labels.Deployment), deploymentId, StringComparison.Ordinal);

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

    private async Task RequirePodsGoneAsync(string @namespace, Func<V1Pod, bool> which, TimeSpan patience, CancellationToken cancellation)
    {
        if (!await ArePodsGoneAsync(@namespace, which, patience, cancellation))
            throw new TimeoutException($"Pods are left in {@namespace} after {patience.TotalSeconds:0} s, though their deletion was asked for.");
    }

    private Task<bool> ArePodsGoneAsync(string @namespace, Func<V1Pod, bool> which, TimeSpan patience, CancellationToken cancellation) => Watching.UntilAsync(
        api,
        (client, token) => client.CoreV1.ListNamespacedPodAsync(@namespace, cancellationToken: token),
        (client, version, failed, token) => client.CoreV1.WatchListNamespacedPodAsync(@namespace, resourceVersion: version, onError: failed, cancellationToken: token),
        (IReadOnlyCollection<V1Pod> pods) => !pods.Any(which),
        patience,
        time,
        cancellation);
}
