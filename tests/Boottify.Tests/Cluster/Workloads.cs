using System.Net;
using Boottify.Cluster;

namespace Boottify.Tests.Cluster;

internal static class Workloads
{
    public const string Instance = "b0123";

    public static ClusterFacts Old { get; } = new(CanSleepBeforeStop: false, ReadinessFollowsStartup: false, "amd64", ["172.30.0.1"]);

    public static ClusterFacts Recent { get; } = new(CanSleepBeforeStop: true, ReadinessFollowsStartup: true, "arm64", ["10.0.0.1"]);

    public static ClusterSettings Settings { get; } = new("/kubeconfig", Instance, "172.30.0.1:15432", [IPAddress.Parse("192.0.2.7")]);

    public static AppWorkload Workload(
        int replicas = 1, WorkloadResources? resources = null, string deployment = "d1", Dictionary<string, string>? secrets = null, Dictionary<string, string>? settings = null) =>
        new(
            "app-k1234567", "k1234567", "t1234567", deployment, "registry:5000/apps/k1234567@sha256:abc", 3000, "/health", replicas,
            resources ?? WorkloadResources.Default,
            settings ?? new(StringComparer.Ordinal) { ["NODE_ENV"] = "production" },
            secrets ?? new(StringComparer.Ordinal) { ["API_KEY"] = "s3cret" },
            ["my.example.org"], null, new RegistryAccess("registry:5000", "pusher", "pushpass"));
}
