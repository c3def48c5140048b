using k8s.Models;

namespace Boottify.Cluster.Objects;

/// <summary>The Deployment: one release of an app, by digest.</summary>
internal static class WorkloadObjects
{
    /// <summary>Longer than any deployment's own deadline, so that our own judgement comes first.</summary>
    private const int ProgressDeadlineSeconds = 3600;

    /// <summary>An app may take this many seconds to start, again after a crash, before it counts as hung.</summary>
    private const int StartSeconds = 300;

    public static V1Deployment Deployment(AppWorkload workload, ClusterFacts cluster, string instance)
    {
        var meta = Labels.Meta(workload, instance, Apps.AppNames.Workload);
        meta.Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [Labels.Deployment] = workload.DeploymentId };
        return new V1Deployment
        {
            ApiVersion = "apps/v1",
            Kind = "Deployment",
            Metadata = meta,
            Spec = new V1DeploymentSpec
            {
                Replicas = workload.Replicas,
                RevisionHistoryLimit = 2,
                ProgressDeadlineSeconds = ProgressDeadlineSeconds,
                Selector = new V1LabelSelector { MatchLabels = Labels.Selector(workload) },
                Strategy = new V1DeploymentStrategy
                {
                    Type = "RollingUpdate",
                    RollingUpdate = new V1RollingUpdateDeployment { MaxUnavailable = 0, MaxSurge = Surge(workload.Replicas) },
                },
                Template = PodTemplate(workload, cluster, instance),
            },
        };
    }

    /// <summary>How many pods of a new release come at once beside those of the old one: a quarter, so that many replicas do not come one by one.</summary>
    public static int Surge(int replicas) => (replicas + 3) / 4;

    public static Dictionary<string, ResourceQuantity> Requests(WorkloadResources resources) => new(StringComparer.Ordinal)
    {
        ["cpu"] = new ResourceQuantity(resources.CpuRequest),
        ["memory"] = new ResourceQuantity(resources.MemoryRequest),
    };

    public static Dictionary<string, ResourceQuantity> Limits(WorkloadResources resources) => new(StringComparer.Ordinal)
    {
        ["cpu"] = new ResourceQuantity(resources.CpuLimit),
        ["memory"] = new ResourceQuantity(resources.MemoryLimit),
    };

    /// <summary>
    /// The same workload always gives the same template: putting back a release then finds its pods still running, and
    /// replaces none.
    /// </summary>
    private static V1PodTemplateSpec PodTemplate(AppWorkload workload, ClusterFacts cluster, string instance)
    {
        var labels = Labels.Of(workload, instance);
        labels[Labels.Deployment] = workload.DeploymentId;
        return new V1PodTemplateSpec
        {
            Metadata = new V1ObjectMeta
            {
                Labels = labels,
                Annotations = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [Labels.Deployment] = workload.DeploymentId,
                    [Labels.Environment] = AppEnvironment.Hash(workload),
                },
            },
            Spec = new V1PodSpec
            {
                ServiceAccountName = Apps.AppNames.Workload,
                AutomountServiceAccountToken = false,
                EnableServiceLinks = false,
                ImagePullSecrets = [new V1LocalObjectReference { Name = Tenancy.PullSecretName }],
                RestartPolicy = "Always",
                TerminationGracePeriodSeconds = (long)(Draining.Delay + Draining.Grace).TotalSeconds,
                SecurityContext = new V1PodSecurityContext
                {
                    RunAsNonRoot = true,
                    RunAsUser = workload.RunAsUser,
                    RunAsGroup = workload.RunAsUser,
                    SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
                },
                Containers = [Container(workload, cluster)],
                Volumes = Draining.Volumes(cluster, AppEnvironment.Name(workload)),
            },
        };
    }

    private static V1Container Container(AppWorkload workload, ClusterFacts cluster) => new()
    {
        Name = Apps.AppNames.Workload,
        Image = workload.Image,
        ImagePullPolicy = "IfNotPresent",
        Ports = [new V1ContainerPort { Name = Network.PortName, ContainerPort = workload.Port, Protocol = "TCP" }],
        Env =
        [
            new V1EnvVar { Name = "PORT", Value = workload.Port.ToString() },
            new V1EnvVar { Name = "HOSTNAME", Value = "0.0.0.0" },
        ],
        EnvFrom =
        [
            new V1EnvFromSource { ConfigMapRef = new V1ConfigMapEnvSource { Name = AppEnvironment.Name(workload) } },
            new V1EnvFromSource { SecretRef = new V1SecretEnvSource { Name = AppEnvironment.Name(workload) } },
        ],
        Resources = new V1ResourceRequirements { Requests = Requests(workload.Resources), Limits = Limits(workload.Resources) },
        SecurityContext = new V1SecurityContext
        {
            AllowPrivilegeEscalation = false,
            Privileged = false,
            RunAsNonRoot = true,
            Capabilities = new V1Capabilities { Drop = ["ALL"] },
        },
        // An older kubelet asks for readiness only up to a second after the start was seen. There, the liveness probe waits
        // out the start instead: a rollout is that second faster.
        StartupProbe = cluster.ReadinessFollowsStartup ? Probe(workload, periodSeconds: 1, timeoutSeconds: 5, failures: StartSeconds) : null,
        ReadinessProbe = Probe(workload, periodSeconds: 1, timeoutSeconds: 5, failures: 3),
        LivenessProbe = Probe(workload, periodSeconds: 10, timeoutSeconds: 10, failures: 6, initialDelaySeconds: cluster.ReadinessFollowsStartup ? null : StartSeconds),
        Lifecycle = Draining.Lifecycle(cluster),
        VolumeMounts = Draining.Mounts(cluster),
        TerminationMessagePolicy = "FallbackToLogsOnError",
    };

    private static V1Probe Probe(AppWorkload workload, int periodSeconds, int timeoutSeconds, int failures, int? initialDelaySeconds = null) => new()
    {
        HttpGet = new V1HTTPGetAction { Path = workload.HealthPath, Port = Network.PortName, Scheme = "HTTP" },
        InitialDelaySeconds = initialDelaySeconds,
        PeriodSeconds = periodSeconds,
        TimeoutSeconds = timeoutSeconds,
        FailureThreshold = failures,
        SuccessThreshold = 1,
    };
}
