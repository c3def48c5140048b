using System.Text.Json;
using Boottify.Deployments;

namespace Boottify.Builds;

/// <summary>What of a <c>package.json</c> decides how to build.</summary>
internal sealed record PackageManifest
{
    private static readonly string[] InstallHooks = ["preinstall", "install", "postinstall", "prepare", "prepublish", "preprepare", "postprepare"];

    public required IReadOnlyDictionary<string, string> Scripts { get; init; }

    public required IReadOnlySet<string> Dependencies { get; init; }

    public required IReadOnlySet<string> DevDependencies { get; init; }

    public string? Main { get; init; }

    /// <summary>As Corepack knows it: <c>pnpm@10.1.0+sha512.…</c></summary>
    public string? PackageManager { get; init; }

    /// <summary>Installing needs more of the repository than the manifest: own install scripts, workspaces, local packages.</summary>
    public bool InstallNeedsSource { get; init; }

    public bool HasAnyDependency => Dependencies.Count > 0 || DevDependencies.Count > 0 || InstallNeedsSource;

    public bool DependsOn(string package) => Dependencies.Contains(package) || DevDependencies.Contains(package);

    public string? Script(string name) => Scripts.TryGetValue(name, out var script) && script.Trim().Length > 0 ? script.Trim() : null;

    /// <exception cref="StepException">It is no JSON object; says where.</exception>
    public static PackageManifest Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json.TrimStart('\ufeff'));
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw new StepException("package.json is not a JSON object.");
            var scripts = Strings(root, "scripts");
            var dependencies = Strings(root, "dependencies");
            var development = Strings(root, "devDependencies");
            var optional = Strings(root, "optionalDependencies");
            return new PackageManifest
            {
                Scripts = scripts,
                Dependencies = dependencies.Keys.Concat(optional.Keys).ToHashSet(StringComparer.Ordinal),
                DevDependencies = development.Keys.ToHashSet(StringComparer.Ordinal),
                Main = Text(root, "main"),
                PackageManager = Text(root, "packageManager"),
                InstallNeedsSource = root.TryGetProperty("workspaces", out _)
                    || InstallHooks.Any(scripts.ContainsKey)
                    || dependencies.Values.Concat(development.Values).Concat(optional.Values).Any(IsLocal),
            };
        }
        catch (JsonException fault)
        {
            throw new StepException($"package.json is not valid JSON, line {fault.LineNumber + 1}, column {fault.BytePositionInLine + 1}.", fault);
        }
    }

    private static bool IsLocal(string version) =>
        version.StartsWith("file:", StringComparison.Ordinal) || version.StartsWith("link:", StringComparison.Ordinal)
        || version.StartsWith("portal:", StringComparison.Ordinal) || version.StartsWith("workspace:", StringComparison.Ordinal)
        || version.StartsWith("patch:", StringComparison.Ordinal);

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static Dictionary<string, string> Strings(JsonElement root, string name)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in value.EnumerateObject())
                found[property.Name] = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : "";
        }

        return found;
    }
}
