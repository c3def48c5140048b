namespace Boottify.Cluster;

/// <summary>What the objects that we make depend on.</summary>
/// <param name="CanSleepBeforeStop">Kubernetes 1.30 or newer, which knows <c>preStop.sleep</c>.</param>
/// <param name="ReadinessFollowsStartup">Kubernetes 1.24 or newer, whose kubelet asks for readiness as soon as the startup probe succeeds.</param>
/// <param name="Architecture">Of the nodes, as Kubernetes names it; empty when they differ.</param>
/// <param name="NodeAddresses">The nodes' own addresses.</param>
public sealed record ClusterFacts(bool CanSleepBeforeStop, bool ReadinessFollowsStartup, string Architecture, IReadOnlyList<string> NodeAddresses);
