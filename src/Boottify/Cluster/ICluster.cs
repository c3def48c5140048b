using Boottify.Logs;

namespace Boottify.Cluster;

/// <summary>
/// The border to Kubernetes. All writes are server-side apply with field manager <c>boottify</c>, so repeating one is
/// harmless and a crash half-way is mended by the next run.
/// </summary>
public interface ICluster
{
    /// <summary>Makes namespace, quota, limit range, service account, pull secret, network policy; needs no image yet.</summary>
    Task PrepareAsync(AppWorkload workload, CancellationToken cancellation);

    /// <summary>Applies ConfigMap, Secret, Deployment, Service and Ingress; answers where the Service listens.</summary>
    /// <exception cref="Deployments.StepException">The API server refuses an object; its own message is quoted.</exception>
    Task<AppliedWorkload> ApplyAsync(AppWorkload workload, CancellationToken cancellation);

    /// <summary>
    /// Watches (never polls) the rollout until all pods of this deployment are ready, and no pod of an older one is left
    /// among the Service's endpoints. Pod events and the containers' last lines go to the log as they come.
    /// </summary>
    /// <exception cref="Deployments.StepException">
    /// The rollout cannot succeed (image pull, crash loop, quota) or did not before <paramref name="deadline"/>; says which, in words
    /// its user can act on, after the pods' last words went to the log.
    /// </exception>
    Task WatchRolloutAsync(AppWorkload workload, TimeSpan deadline, ILogSink log, CancellationToken cancellation);

    /// <summary>Removes Deployment, Service and Ingress, keeps the namespace. Returns once the pods are gone.</summary>
    Task RemoveWorkloadAsync(string @namespace, CancellationToken cancellation);

    /// <summary>
    /// Deletes the namespace and waits until it is gone.
    /// </summary>
    /// <returns>Null when gone; else the finalizers or conditions that hold it, after <paramref name="patience"/>.</returns>
    Task<string?> DeleteNamespaceAsync(string @namespace, TimeSpan patience, CancellationToken cancellation);

    /// <summary>Ids of apps that have a namespace of this platform.</summary>
    Task<IReadOnlyList<string>> ListAppsAsync(CancellationToken cancellation);
}

/// <summary>All that the cluster has to know to run one release of an app.</summary>
/// <param name="Image">By digest: <c>registry/repository@sha256:…</c>.</param>
/// <param name="Settings">Plain environment, into the ConfigMap.</param>
/// <param name="Secrets">Secret environment, into the Secret.</param>
/// <param name="RunAsUser">User id to force, for images that would run as root; null to keep the image's own.</param>
public sealed record AppWorkload(
    string Namespace,
    string AppId,
    string TeamId,
    string DeploymentId,
    string Image,
    int Port,
    string HealthPath,
    int Replicas,
    WorkloadResources Resources,
    IReadOnlyDictionary<string, string> Settings,
    IReadOnlyDictionary<string, string> Secrets,
    IReadOnlyList<string> Hosts,
    long? RunAsUser,
    RegistryAccess Registry);

/// <summary>Kubernetes quantities for one pod.</summary>
public sealed record WorkloadResources(string CpuRequest, string CpuLimit, string MemoryRequest, string MemoryLimit)
{
    public static WorkloadResources Default { get; } = new("50m", "1", "64Mi", "512Mi");
}

public sealed record RegistryAccess(string Address, string User, string Password)
{
    public override string ToString() => Address;
}

/// <param name="ClusterIp">The Service's address.</param>
/// <param name="Port">The Service's port.</param>
public sealed record AppliedWorkload(string ClusterIp, int Port);
