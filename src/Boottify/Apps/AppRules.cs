using System.Globalization;
using System.Text.RegularExpressions;
using Boottify.Cluster;

namespace Boottify.Apps;

/// <summary>What users may ask for; each rule answers with what to write instead, or null.</summary>
public static partial class AppRules
{
    public const int MostReplicas = 20;
    private const int LongestName = 200;
    private const int LongestValue = 64 * 1024;

    public static string? Name(string? name) =>
        string.IsNullOrWhiteSpace(name) || name.Length > LongestName || name.Any(char.IsControl)
            ? $"Give the app a name of 1 to {LongestName} characters, without control characters: \"name\": \"…\"."
            : null;

    /// <summary>Git would take a name that starts with '-' for an option, and other schemes for programs to run.</summary>
    public static string? RepositoryUrl(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" && parsed.UserInfo.Length == 0
            ? null
            : "\"repository.url\" must be an http(s) address without a user or password in it, such as https://github.com/owner/name.git; "
                + "for a private repository put its token into \"repository.token\".";

    public static string? Branch(string? branch) =>
        branch is not null && BranchForm().IsMatch(branch) && !branch.Contains("..", StringComparison.Ordinal)
            ? null
            : "\"repository.branch\" must be a branch name such as main: letters, digits, '.', '_', '-' and '/', not starting with '-'.";

    public static string? Directory(string directory) =>
        directory.Split('/').All(part => part.Length > 0 && part is not "." and not ".." && DirectoryForm().IsMatch(part)) || directory.Length == 0
            ? null
            : "\"repository.directory\" must be a folder inside the repository, such as apps/web: no leading '/', no '..'.";

    public static string? Port(int port) => port is > 0 and < 65536 ? null : "\"port\" must be from 1 to 65535: the port that the app listens on.";

    public static string? Health(string path) =>
        path.Length <= 500 && HealthForm().IsMatch(path) ? null : "\"health\" must be a path that answers once the app is ready, such as / or /healthz.";

    public static string? Replicas(int replicas) =>
        replicas is >= 1 and <= MostReplicas ? null : $"\"replicas\" must be from 1 to {MostReplicas}.";

    public static string? Resources(WorkloadResources r) =>
        Cpu(r.CpuRequest) is { } cpu && Cpu(r.CpuLimit) is { } most && Bytes(r.MemoryRequest) is { } bytes && Bytes(r.MemoryLimit) is { } limit
        && cpu <= most && bytes <= limit && most <= 8 && limit <= 16L << 30
            ? null
            : "\"resources\" must be Kubernetes quantities, each request at most its limit: cpuRequest and cpuLimit such as 100m or 0.5 (8 at most), "
                + "memoryRequest and memoryLimit such as 128Mi (16Gi at most).";

    public static string? VariableName(string name) =>
        !VariableForm().IsMatch(name) ? "A variable's name has letters, digits and '_', does not start with a digit, and is at most 128 characters long."
        : name is "PORT" or "HOSTNAME" || name.StartsWith("BOOTTIFY_", StringComparison.Ordinal)
            ? $"{name} is set by Boottify itself; to change the port, PATCH the app with {{\"port\": …}}."
        : null;

    public static string? VariableValue(string? value) =>
        value is null ? "Send the value: {\"value\": \"…\"}."
        : value.Length > LongestValue ? $"A value is at most {LongestValue} characters long."
        : value.Contains('\0', StringComparison.Ordinal) ? "A value cannot hold the NUL character."
        : null;

    private static decimal? Cpu(string text) =>
        text.EndsWith('m') && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var milli) && milli > 0 ? milli / 1000m
        : decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cores) && cores > 0 ? cores
        : null;

    private static long? Bytes(string text) =>
        text.Length > 2 && long.TryParse(text[..^2], NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is > 0 and < 1 << 20
            ? text[^2..] switch { "Mi" => n << 20, "Gi" => n << 30, _ => null }
            : null;

    [GeneratedRegex(@"\A[A-Za-z0-9_.][A-Za-z0-9_./-]{0,199}\z")]
    private static partial Regex BranchForm();

    [GeneratedRegex(@"\A[A-Za-z0-9_.@ -]{1,100}\z")]
    private static partial Regex DirectoryForm();

    [GeneratedRegex(@"\A/(?!/)[A-Za-z0-9_.~!$&'()*+,;=:@%/?-]*\z")]
    private static partial Regex HealthForm();

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,127}\z")]
    private static partial Regex VariableForm();
}
