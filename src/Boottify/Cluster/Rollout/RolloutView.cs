using Boottify.Cluster.Objects;
using k8s.Models;

namespace Boottify.Cluster.Rollout;

/// <summary>What has been seen of an app's namespace while one of its deployments rolls out.</summary>
internal sealed class RolloutView(AppWorkload workload)
{
    private readonly HashSet<string> ownUids = new(StringComparer.Ordinal);

    public AppWorkload Workload => workload;

    /// <summary>Null until the first list is there: nothing is judged before all five are.</summary>
    public IReadOnlyCollection<V1Deployment>? Deployments { get; set; }

    public IReadOnlyCollection<V1ReplicaSet>? ReplicaSets
    {
        get;
        set => Remember(field = value, set => set.Spec.Template.Metadata);
    }

    public IReadOnlyCollection<V1Pod>? Pods
    {
        get;
        set => Remember(field = value, pod => pod.Metadata);
    }

    public IReadOnlyCollection<V1Endpoints>? Endpoints { get; set; }

    public IReadOnlyCollection<Corev1Event>? Events { get; set; }

    public bool IsWhole => Deployments is not null && ReplicaSets is not null && Pods is not null && Endpoints is not null && Events is not null;

    public V1Deployment? Deployment => Deployments?.FirstOrDefault(d => d.Name() == Apps.AppNames.Workload);

    /// <summary>Pods of this deployment that are meant to stay, oldest first.</summary>
    public IReadOnlyList<V1Pod> NewPods =>
        [.. Pods!.Where(p => IsOwn(p.Metadata) && p.Metadata.DeletionTimestamp is null && !HasEnded(p)).OrderBy(p => p.Metadata.CreationTimestamp)];

    /// <summary>Pods of this deployment that ended for good: evicted, or refused by their node.</summary>
    public IReadOnlyList<V1Pod> EndedPods => [.. Pods!.Where(p => IsOwn(p.Metadata) && HasEnded(p))];

    public bool SomeAreLeaving => Pods!.Any(p => p.Metadata.DeletionTimestamp is not null);

    public IReadOnlyList<V1ReplicaSet> NewReplicaSets => [.. ReplicaSets!.Where(s => IsOwn(s.Spec.Template.Metadata))];

    /// <summary>Names of the pods that the Service sends to.</summary>
    public IReadOnlySet<string> Serving =>
        Endpoints!.Where(e => e.Name() == Apps.AppNames.Workload)
            .SelectMany(e => e.Subsets ?? [])
            .SelectMany(s => s.Addresses ?? [])
            .Select(a => a.TargetRef?.Name ?? a.Ip)
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>Events of this deployment's pods and ReplicaSets, oldest first.</summary>
    public IReadOnlyList<Corev1Event> NewEvents =>
        [.. Events!.Where(e => e.InvolvedObject.Uid is { } uid && ownUids.Contains(uid)).OrderBy(At)];

    public static DateTime At(Corev1Event happening) =>
        happening.LastTimestamp ?? happening.Series?.LastObservedTime ?? happening.EventTime ?? happening.Metadata.CreationTimestamp ?? DateTime.MinValue;

    public static bool IsReady(V1Pod pod) => pod.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) ?? false;

    public static V1ContainerStatus? Container(V1Pod pod) => pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == Apps.AppNames.Workload);

    private static bool HasEnded(V1Pod pod) => pod.Status?.Phase is "Failed" or "Succeeded";

    private bool IsOwn(V1ObjectMeta? meta) =>
        Labels.Read(meta?.Labels, Labels.Deployment) == workload.DeploymentId;

    private void Remember<T>(IReadOnlyCollection<T>? items, Func<T, V1ObjectMeta> marked)
        where T : k8s.IKubernetesObject<V1ObjectMeta>
    {
        foreach (var item in items ?? [])
        {
            if (IsOwn(marked(item)))
                ownUids.Add(item.Uid());
        }
    }
}
