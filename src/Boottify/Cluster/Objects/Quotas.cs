using k8s.Models;

namespace Boottify.Cluster.Objects;

/// <summary>What an app's namespace may hold.</summary>
internal static class Quotas
{
    /// <summary>
    /// Room for a rolling update: the new replicas and those that surge, beside those of the release that runs now. Sized
    /// by both releases, because going from a large one to a small one would otherwise leave no room for the first small pod.
    /// The same again for pods that drain: they count until they are gone, and the next push does not wait for that.
    /// </summary>
    /// <param name="running">The Deployment as it is now, or null before the first.</param>
    public static V1ResourceQuota ResourceQuota(AppWorkload workload, V1Deployment? running, string instance)
    {
        var replicas = 2 * WithSurge(workload.Replicas);
        var runningReplicas = WithSurge(running?.Spec.Replicas ?? workload.Replicas);
        var container = running?.Spec.Template.Spec.Containers.FirstOrDefault(c => c.Name == Apps.AppNames.Workload)?.Resources;

        ResourceQuantity Room(string quantity, IDictionary<string, ResourceQuantity>? now, string kind)
        {
            var wanted = new ResourceQuantity(quantity);
            var current = now is not null && now.TryGetValue(kind, out var found) ? found : wanted;
            var format = kind == "cpu" ? ResourceQuantity.SuffixFormat.DecimalSI : ResourceQuantity.SuffixFormat.BinarySI;
            return new ResourceQuantity((wanted.ToDecimal() * replicas) + (current.ToDecimal() * runningReplicas), 0, format);
        }

        return new V1ResourceQuota
        {
            ApiVersion = "v1",
            Kind = "ResourceQuota",
            Metadata = Labels.Meta(workload, instance, Apps.AppNames.Workload),
            Spec = new V1ResourceQuotaSpec
            {
                Hard = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal)
                {
                    ["pods"] = new ResourceQuantity(replicas + runningReplicas, 0, ResourceQuantity.SuffixFormat.DecimalSI),
                    ["requests.cpu"] = Room(workload.Resources.CpuRequest, container?.Requests, "cpu"),
                    ["requests.memory"] = Room(workload.Resources.MemoryRequest, container?.Requests, "memory"),
                    ["limits.cpu"] = Room(workload.Resources.CpuLimit, container?.Limits, "cpu"),
                    ["limits.memory"] = Room(workload.Resources.MemoryLimit, container?.Limits, "memory"),
                    ["services.nodeports"] = new ResourceQuantity("0"),
                    ["services.loadbalancers"] = new ResourceQuantity("0"),
                },
            },
        };
    }

    private static int WithSurge(int replicas) => replicas + WorkloadObjects.Surge(replicas);

    /// <summary>
    /// Defaults for whatever names no resources. No maximum: that is the quota's, and a maximum of the new release would keep
    /// a pod of the old one from being replaced while both run.
    /// </summary>
    public static V1LimitRange LimitRange(AppWorkload workload, string instance) => new()
    {
        ApiVersion = "v1",
        Kind = "LimitRange",
        Metadata = Labels.Meta(workload, instance, Apps.AppNames.Workload),
        Spec = new V1LimitRangeSpec
        {
            Limits =
            [
                new V1LimitRangeItem
                {
                    Type = "Container",
                    DefaultProperty = WorkloadObjects.Limits(workload.Resources),
                    DefaultRequest = WorkloadObjects.Requests(workload.Resources),
                },
            ],
        },
    };
}
