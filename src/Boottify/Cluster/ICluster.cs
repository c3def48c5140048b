using Boottify.Logs;

namespace Boottify.Cluster;

/// <summary>
/// The border to Kubernetes. All writes are server-side apply with field manager <c>boottify</c>, so repeating one is
/// harmless and a crash half-way is mended by the next run.
/// </summary>
public interface ICluster
{
    /// <summary>
    /// Applies all objects of the app, side by side but for the first (the namespace) and the last (the Deployment, whose pods
    /// read the others); answers where the Service listens.
    /// </summary>
    /// <param name="fence">
    /// Throws if another node has taken over. Asked between reading the Deployment and writing it against the version read, so that
    /// a node that was paused in between cannot put an older release over a newer one. Null where nobody else writes.
    /// </param>
    /// <exception cref="Deployments.StepException">The API server refuses an object; its own message is quoted.</exception>
    Task<AppliedWorkload> ApplyAsync(AppWorkload workload, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null);

    /// <summary>
    /// Gives the app's Service one more port, of a number that it had not before. A node at which that port answers has heard of
    /// every change of the Service's endpoints that came earlier: the port reaches it in the same object. Nothing else tells
    /// how far the nodes' rules are.
    /// </summary>
    /// <returns>The Service's address with that port.</returns>
    /// <param name="fence">As for <see cref="ApplyAsync"/>.</param>
    Task<AppliedWorkload> OpenSettledPortAsync(AppWorkload workload, int port, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null);

    /// <summary>
    /// Removes what the rollout alone needed: that port, and environments of older releases that no ReplicaSet can bring back
    /// any more.
    /// </summary>
    /// <param name="fence">As for <see cref="ApplyAsync"/>.</param>
    Task PruneAsync(AppWorkload workload, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null);

    /// <summary>
    /// Watches (never polls) the rollout until all pods of this deployment are ready, and no pod of an older one is left
    /// among the Service's endpoints. Pod events and the containers' last lines go to the log as they come.
    /// </summary>
    /// <exception cref="Deployments.StepException">
    /// The rollout cannot succeed (image pull, crash loop, quota) or did not before <paramref name="deadline"/>; says which, in words
    /// its user can act on, after the pods' last words went to the log.
    /// </exception>
    Task WatchRolloutAsync(AppWorkload workload, TimeSpan deadline, ILogSink log, CancellationToken cancellation);

    /// <summary>Where the app's Service listens now: one that was made anew has another address. Null if there is none.</summary>
    Task<AppliedWorkload?> FindServiceAsync(string @namespace, CancellationToken cancellation);

    /// <summary>Removes Deployment, Service, Ingress and environment, keeps the namespace. Returns once the pods are gone.</summary>
    /// <param name="fence">
    /// Throws if another node has taken over, for what stands there may be a later deployment's by then. Asked right before each
    /// deletion. Null where nobody else writes.
    /// </param>
    Task RemoveWorkloadAsync(string @namespace, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null);

    /// <summary>
    /// Once an earlier release serves again: removes what is left of the one that did not become a release, and returns when its
    /// pods, which answer their last requests first, are gone.
    /// </summary>
    /// <param name="workload">The release that serves.</param>
    /// <param name="deploymentId">The deployment that is over.</param>
    /// <param name="fence">As for <see cref="RemoveWorkloadAsync"/>.</param>
    Task ForgetAsync(AppWorkload workload, string deploymentId, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null);

    /// <summary>
    /// Deletes the namespace and waits until it is gone.
    /// </summary>
    /// <returns>Null when gone; else the finalizers or conditions that hold it, after <paramref name="patience"/>.</returns>
    Task<string?> DeleteNamespaceAsync(string @namespace, TimeSpan patience, CancellationToken cancellation);

    /// <summary>All namespaces that carry this platform's mark, whether the app's Deployment and Service are in them, and what runs there.</summary>
    Task<IReadOnlyList<AppNamespace>> ListNamespacesAsync(CancellationToken cancellation);
}

/// <param name="Complete">Both Deployment and Service are there.</param>
/// <param name="Terminating">It is being deleted.</param>
/// <param name="DeploymentId">The deployment that the app's pods are of, or are to be; null where there is no Deployment.</param>
public sealed record AppNamespace(string Name, string AppId, bool Complete, bool Terminating, DateTimeOffset CreatedAt, string? DeploymentId)
{
    /// <summary>Where the app's Service listens; null where there is none.</summary>
    public AppliedWorkload? Service { get; init; }
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
public sealed record AppliedWorkload(string ClusterIp, int Port)
{
    /// <summary>As the edge is told it.</summary>
    public string Upstream => $"{ClusterIp}:{Port}";
}
