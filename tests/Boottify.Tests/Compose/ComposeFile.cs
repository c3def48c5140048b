using System.Diagnostics;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Boottify.Tests.Compose;

/// <summary>docker-compose.yml as the tests look at it, with the variables that <c>ops/docker/make-env</c> made filled in.</summary>
internal sealed partial class ComposeFile
{
    private readonly Dictionary<object, object> services;

    private ComposeFile(Dictionary<object, object> document, IReadOnlyDictionary<string, string> variables)
    {
        services = Map(document["services"]);
        Volumes = [.. Map(document["volumes"]).Keys.Cast<string>()];
        Variables = variables;
        Services = services.Keys.Cast<string>().Select(name => new ComposeService(name, Map(services[name]), variables)).ToDictionary(s => s.Name, StringComparer.Ordinal);
    }

    public static string Root { get; } = RepositoryRoot.Path;

    public IReadOnlyDictionary<string, ComposeService> Services { get; }

    public IReadOnlyList<string> Volumes { get; }

    /// <summary>What <c>make-env</c> writes.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; }

    public static string Text => File.ReadAllText(Path.Combine(Root, "docker-compose.yml"));

    public static ComposeFile Read()
    {
        var yaml = new DeserializerBuilder().Build();
        return new ComposeFile(yaml.Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(new StringReader(Text)))), MakeEnv());
    }

    /// <summary>The service that answers at a name or address of the compose network.</summary>
    public ComposeService? At(string host) => Services.Values.FirstOrDefault(s => s.Name == host || s.Addresses.Contains(host));

    /// <summary>The service whose network this one is in: its own, or another one's.</summary>
    public ComposeService NetworkOf(ComposeService service) => service.SharesNetworkOf is { } other ? Services[other] : service;

    internal static Dictionary<object, object> Map(object? node) => node as Dictionary<object, object> ?? [];

    internal static IEnumerable<object> List(object? node) => node as List<object> ?? [];

    /// <summary>Runs the real script on a folder of its own.</summary>
    private static Dictionary<string, string> MakeEnv()
    {
        var folder = Directory.CreateTempSubdirectory("boottify-compose-");
        try
        {
            var script = Path.Combine(Directory.CreateDirectory(Path.Combine(folder.FullName, "ops", "docker")).FullName, "make-env");
            File.Copy(Path.Combine(Root, "ops", "docker", "make-env"), script);
            for (var run = 0; run < 2; run++)
            {
                using var process = Process.Start(new ProcessStartInfo("bash", [script]) { RedirectStandardOutput = true, UseShellExecute = false })!;
                process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                process.ExitCode.Should().Be(0);
            }

            var file = Path.Combine(folder.FullName, ".env");
            File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return File.ReadAllLines(file).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"\$\{(?<name>[A-Z_]+)(:\?[^}]*|:-(?<default>[^}]*))?\}")]
    internal static partial Regex Variable();
}

internal sealed class ComposeService(string name, Dictionary<object, object> node, IReadOnlyDictionary<string, string> variables)
{
    public string Name => name;

    public string? Image => node.GetValueOrDefault("image") as string;

    public string? Dockerfile => ComposeFile.Map(node.GetValueOrDefault("build")).GetValueOrDefault("dockerfile") as string;

    public string? Target => ComposeFile.Map(node.GetValueOrDefault("build")).GetValueOrDefault("target") as string;

    public bool HasHealthCheck => node.ContainsKey("healthcheck");

    public bool RunsOnce => !node.ContainsKey("restart");

    public string? SharesNetworkOf => node.GetValueOrDefault("network_mode") is string mode ? mode["service:".Length..] : null;

    /// <summary>As written, with <c>${…}</c>.</summary>
    public IReadOnlyDictionary<string, string> RawEnvironment { get; } =
        ComposeFile.Map(node.GetValueOrDefault("environment")).ToDictionary(e => (string)e.Key, e => (string)e.Value, StringComparer.Ordinal);

    public Dictionary<string, string> Environment => RawEnvironment.ToDictionary(
        e => e.Key, e => ComposeFile.Variable().Replace(e.Value, v => ValueOf(v)), StringComparer.Ordinal);

    public IReadOnlyList<(string Source, string Target)> Mounts =>
        [.. ComposeFile.List(node.GetValueOrDefault("volumes")).Cast<string>().Select(v => v.Split(':')).Select(v => (v[0], v[1]))];

    /// <summary>Ports within the compose network.</summary>
    public IReadOnlyList<int> Listens =>
        [.. ComposeFile.List(node.GetValueOrDefault("expose")).Cast<string>().Where(p => !p.EndsWith("/udp", StringComparison.Ordinal)).Select(int.Parse), .. Published.Select(p => p.Inside)];

    /// <summary>Ports on the machine.</summary>
    public IReadOnlyList<(string Address, int Outside, int Inside)> Published =>
        [.. ComposeFile.List(node.GetValueOrDefault("ports")).Cast<string>().Select(p => p.Split(':')).Select(p => (p[0], int.Parse(p[1]), int.Parse(p[2])))];

    private string ValueOf(Match variable) => variable.Groups["default"] is { Success: true } other
        ? variables.GetValueOrDefault(variable.Groups["name"].Value, other.Value)
        : variables[variable.Groups["name"].Value];

    public IReadOnlyDictionary<string, string> DependsOn => ComposeFile.Map(node.GetValueOrDefault("depends_on"))
        .ToDictionary(d => (string)d.Key, d => (string)ComposeFile.Map(d.Value)["condition"], StringComparer.Ordinal);

    public IReadOnlyList<string> Addresses
    {
        get
        {
            var network = ComposeFile.Map(ComposeFile.Map(node.GetValueOrDefault("networks")).GetValueOrDefault("default"));
            return [.. ComposeFile.List(network.GetValueOrDefault("aliases")).Cast<string>(), .. network.GetValueOrDefault("ipv4_address") is string ip ? [ip] : Array.Empty<string>()];
        }
    }
}
