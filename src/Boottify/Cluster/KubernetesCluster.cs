using Boottify.Cluster.Objects;
using Boottify.Cluster.Rollout;
using Boottify.Deployments;
using Boottify.Logs;
using k8s;
using k8s.Models;

namespace Boottify.Cluster;

/// <inheritdoc cref="ICluster"/>
internal sealed class KubernetesCluster(ClusterApi api, ClusterInspection inspection, ClusterSettings settings, RolloutWatch rollouts, PodRemoval pods, NamespaceRemoval namespaces)
    : ICluster
{
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

    public async Task<AppliedWorkload?> FindServiceAsync(string @namespace, CancellationToken cancellation)
    {
        if (await FindOursAsync(@namespace, cancellation) is null)
            return null;
        var service = await api.FindAsync(
            "the Service", (client, token) => client.CoreV1.ReadNamespacedServiceAsync(Apps.AppNames.Workload, @namespace, cancellationToken: token), cancellation);
        return service is null ? null : new AppliedWorkload(service.Spec.ClusterIP, Network.ServicePort);
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
            RemoveEnvironmentsAsync(@namespace, stale, cancellation, fence));
    }

    public async Task RemoveWorkloadAsync(string @namespace, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null)
    {
        if (await FindOursAsync(@namespace, cancellation) is null)
            return;

        const string name = Apps.AppNames.Workload;
        await Task.WhenAll(
            api.DeleteAsync($"the removal of Ingress {name}", (client, token) => client.NetworkingV1.DeleteNamespacedIngressAsync(name, @namespace, cancellationToken: token), cancellation, fence),
            api.DeleteAsync($"the removal of Service {name}", (client, token) => DeleteServiceAsync(client, @namespace, name, token), cancellation, fence),
            api.DeleteAsync(
                $"the removal of Deployment {name}",
                (client, token) => client.AppsV1.DeleteNamespacedDeploymentAsync(name, @namespace, propagationPolicy: "Background", cancellationToken: token),
                cancellation,
                fence));
        await pods.StopAsync(@namespace, cancellation, fence);
        await pods.RequireGoneAsync(@namespace, _ => true, PodRemoval.Patience, cancellation);
        await RemoveEnvironmentsAsync(@namespace, Labels.Environment, cancellation, fence);
    }

    public async Task ForgetAsync(AppWorkload workload, string deploymentId, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null)
    {
        var @namespace = workload.Namespace;
        foreach (var set in (await ReplicaSetsAsync(@namespace, cancellation)).Where(set => IsOf(set.Spec.Template.Metadata, deploymentId)))
        {
            await api.DeleteAsync(
                $"the removal of ReplicaSet {set.Name()}",
                (client, token) => client.AppsV1.DeleteNamespacedReplicaSetAsync(set.Name(), @namespace, propagationPolicy: "Background", cancellationToken: token),
                cancellation,
                fence);
        }

        await pods.RequireGoneAsync(@namespace, pod => IsOf(pod.Metadata, deploymentId), Draining.Delay + Draining.Grace + PodRemoval.Patience, cancellation);
        await PruneAsync(workload, cancellation, fence);
    }

    public async Task<string?> DeleteNamespaceAsync(string @namespace, TimeSpan patience, CancellationToken cancellation) =>
        await FindOursAsync(@namespace, cancellation) is null ? null : await namespaces.DeleteAsync(@namespace, patience, cancellation);

    public async Task<IReadOnlyList<AppNamespace>> ListNamespacesAsync(CancellationToken cancellation)
    {
        var ours = $"{Labels.ManagedBy}={Labels.Platform},{Labels.Instance}={settings.Instance}";
        const string workload = $"metadata.name={Apps.AppNames.Workload}";
        var found = await api.CallAsync(
            "the list of namespaces", (client, token) => client.CoreV1.ListNamespaceAsync(labelSelector: ours, cancellationToken: token), cancellation);
        var deployments = await api.CallAsync(
            "the list of Deployments",
            (client, token) => client.AppsV1.ListDeploymentForAllNamespacesAsync(labelSelector: ours, fieldSelector: workload, cancellationToken: token), cancellation);
        var services = await api.CallAsync(
            "the list of Services",
            (client, token) => client.CoreV1.ListServiceForAllNamespacesAsync(labelSelector: ours, fieldSelector: workload, cancellationToken: token), cancellation);

        var runs = deployments.Items.ToDictionary(d => d.Namespace(), d => Labels.Read(d.Spec.Template.Metadata?.Annotations, Labels.Deployment), StringComparer.Ordinal);
        var listen = services.Items.ToDictionary(s => s.Namespace(), s => new AppliedWorkload(s.Spec.ClusterIP, Network.ServicePort), StringComparer.Ordinal);
        return
        [
            .. from one in found.Items
               let app = one.GetLabel(Labels.App)
               where app is not null
               let created = one.Metadata.CreationTimestamp is { } at ? new DateTimeOffset(at.ToUniversalTime()) : DateTimeOffset.MinValue
               let name = one.Metadata.Name
               select new AppNamespace(name, app, runs.ContainsKey(name) && listen.ContainsKey(name), one.Metadata.DeletionTimestamp is not null, created, runs.GetValueOrDefault(name))
               {
                   Service = listen.GetValueOrDefault(name),
               },
        ];
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

    private Task RemoveEnvironmentsAsync(string @namespace, string which, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null) => Task.WhenAll(
        api.DeleteAsync("the removal of old ConfigMaps", (client, token) => client.CoreV1.DeleteCollectionNamespacedConfigMapAsync(@namespace, labelSelector: which, cancellationToken: token), cancellation, fence),
        api.DeleteAsync("the removal of old Secrets", (client, token) => client.CoreV1.DeleteCollectionNamespacedSecretAsync(@namespace, labelSelector: which, cancellationToken: token), cancellation, fence));

    private async Task<IList<V1ReplicaSet>> ReplicaSetsAsync(string @namespace, CancellationToken cancellation) =>
        (await api.CallAsync(
            "the list of ReplicaSets", (client, token) => client.AppsV1.ListNamespacedReplicaSetAsync(@namespace, cancellationToken: token), cancellation)).Items;

    private static bool IsOf(V1ObjectMeta metadata, string deploymentId) =>
        string.Equals(Labels.Read(metadata.Annotations, Labels.Deployment), deploymentId, StringComparison.Ordinal);

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
}
