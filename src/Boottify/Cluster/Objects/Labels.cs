using k8s.Models;

namespace Boottify.Cluster.Objects;

/// <summary>The labels and annotations by which everything of ours is known again.</summary>
internal static class Labels
{
    public const string ManagedBy = "app.kubernetes.io/managed-by";
    public const string Platform = "boottify";
    public const string Name = "app.kubernetes.io/name";
    public const string App = "boottify.dev/app";
    public const string Team = "boottify.dev/team";
    public const string Instance = "boottify.dev/instance";
    public const string Deployment = "boottify.dev/deployment";

    /// <summary>Hash of configuration and secrets, so that a change of the environment rolls the pods.</summary>
    public const string Environment = "boottify.dev/environment";

    public static Dictionary<string, string> Of(AppWorkload workload, string instance) => new(StringComparer.Ordinal)
    {
        [ManagedBy] = Platform,
        [Name] = Apps.AppNames.Workload,
        [App] = workload.AppId,
        [Team] = workload.TeamId,
        [Instance] = instance,
    };

    /// <summary>What tells an app's pods; never changes, because a Deployment's selector cannot.</summary>
    public static Dictionary<string, string> Selector(AppWorkload workload) => new(StringComparer.Ordinal) { [App] = workload.AppId };

    public static string? Read(IDictionary<string, string>? marks, string name) =>
        marks is not null && marks.TryGetValue(name, out var value) ? value : null;

    public static V1ObjectMeta Meta(AppWorkload workload, string instance, string name) => new()
    {
        Name = name,
        NamespaceProperty = workload.Namespace,
        Labels = Of(workload, instance),
    };
}
