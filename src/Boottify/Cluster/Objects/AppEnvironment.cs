using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using k8s.Models;

namespace Boottify.Cluster.Objects;

/// <summary>
/// Environment of one release, under names that follow from the content: a pod that restarts gets the environment of its own
/// release even while a newer one is rolled out or put back.
/// </summary>
internal static class AppEnvironment
{
    /// <summary>
    /// Short hash of settings and secrets. Keyed, so that whoever may read Deployments but no Secrets cannot guess a short
    /// secret from it.
    /// </summary>
    public static string Hash(AppWorkload workload)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(new[] { Sorted(workload.Settings), Sorted(workload.Secrets) });
        var key = Encoding.UTF8.GetBytes($"{workload.AppId}\n{workload.Registry.Password}");
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, content))[..10];
    }

    public static string Name(AppWorkload workload) => $"env-{Hash(workload)}";

    public static V1ConfigMap ConfigMap(AppWorkload workload, ClusterFacts cluster, string instance) => new()
    {
        ApiVersion = "v1",
        Kind = "ConfigMap",
        Metadata = Meta(workload, instance),
        Data = workload.Settings.ToDictionary(StringComparer.Ordinal),
        BinaryData = Draining.Program(cluster),
    };

    public static V1Secret Secret(AppWorkload workload, string instance) => new()
    {
        ApiVersion = "v1",
        Kind = "Secret",
        Metadata = Meta(workload, instance),
        Type = "Opaque",
        Data = workload.Secrets.ToDictionary(s => s.Key, s => Encoding.UTF8.GetBytes(s.Value), StringComparer.Ordinal),
    };

    private static V1ObjectMeta Meta(AppWorkload workload, string instance)
    {
        var meta = Labels.Meta(workload, instance, Name(workload));
        meta.Labels[Labels.Environment] = Hash(workload);
        return meta;
    }

    private static SortedDictionary<string, string> Sorted(IReadOnlyDictionary<string, string> values) => new(values.ToDictionary(), StringComparer.Ordinal);
}
