using System.Text;
using System.Text.Json;
using k8s.Models;

namespace Boottify.Cluster.Objects;

/// <summary>The app's own ground, before there is an image: namespace, account, and access to the registry.</summary>
internal static class Tenancy
{
    public const string PullSecretName = "registry";

    public static V1Namespace Namespace(AppWorkload workload, string instance) => new()
    {
        ApiVersion = "v1",
        Kind = "Namespace",
        Metadata = new V1ObjectMeta { Name = workload.Namespace, Labels = Labels.Of(workload, instance) },
    };

    /// <summary>Without a token: an app has no business with the cluster's own interface.</summary>
    public static V1ServiceAccount ServiceAccount(AppWorkload workload, string instance) => new()
    {
        ApiVersion = "v1",
        Kind = "ServiceAccount",
        Metadata = Labels.Meta(workload, instance, Apps.AppNames.Workload),
        AutomountServiceAccountToken = false,
        ImagePullSecrets = [new V1LocalObjectReference { Name = PullSecretName }],
    };

    public static V1Secret PullSecret(AppWorkload workload, string instance)
    {
        var registry = workload.Registry;
        var login = new
        {
            username = registry.User,
            password = registry.Password,
            auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{registry.User}:{registry.Password}")),
        };
        return new V1Secret
        {
            ApiVersion = "v1",
            Kind = "Secret",
            Metadata = Labels.Meta(workload, instance, PullSecretName),
            Type = "kubernetes.io/dockerconfigjson",
            Data = new Dictionary<string, byte[]>(StringComparer.Ordinal)
            {
                [".dockerconfigjson"] = JsonSerializer.SerializeToUtf8Bytes(new { auths = new Dictionary<string, object>(StringComparer.Ordinal) { [registry.Address] = login } }),
            },
        };
    }
}
