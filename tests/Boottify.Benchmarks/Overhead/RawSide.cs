using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CliWrap;
using CliWrap.Buffered;

namespace Boottify.Benchmarks.Overhead;

/// <summary>The baseline: <c>raw-deploy</c>, from the start of its shell to its end.</summary>
internal sealed class RawSide : IDisposable
{
    private static readonly string Registry = BenchPlatform.Setting("BOOTTIFY_REGISTRY");

    private readonly BenchedApp app;
    private readonly BenchSource source;
    private readonly string name;
    private readonly string folder = Directory.CreateTempSubdirectory("boottify-raw-").FullName;

    private RawSide(BenchedApp app, BenchSource source, string name)
    {
        this.app = app;
        this.source = source;
        this.name = name;
    }

    private string Image => $"{Registry}/raw/{name}";

    private string Manifest => Path.Combine(folder, "manifest.json");

    /// <param name="like">The namespace whose objects it has, too.</param>
    public static async Task<RawSide> CreateAsync(BenchedApp app, BenchSource source, string like)
    {
        var side = new RawSide(app, source, $"raw-{Guid.NewGuid():n}"[..20]);
        // Both hold the registry's password; the folder is its owner's alone.
        await File.WriteAllTextAsync(side.Manifest, await Cluster.ManifestAsync(like, side.name));
        var login = new { auths = new Dictionary<string, object>(StringComparer.Ordinal) { [Registry] = new { auth = Account } } };
        await File.WriteAllTextAsync(Path.Combine(side.folder, "config.json"), JsonSerializer.Serialize(login));
        return side;
    }

    public string Namespace => name;

    public async Task<Run> DeployAsync(string version)
    {
        await source.CommitAsync(version);
        var (since, began) = (Stopwatch.GetTimestamp(), DateTimeOffset.UtcNow);
        var said = await Cli.Wrap(Path.Combine(RepositoryRoot.Path, "tests", "Boottify.Benchmarks", "Overhead", "raw-deploy"))
            .WithArguments([source.Url, Image, Manifest, name])
            .WithEnvironmentVariables(new Dictionary<string, string?> { ["DOCKER_CONFIG"] = folder, ["KUBECTL"] = Cluster.Kubectl })
            .ExecuteBufferedAsync();
        var took = Stopwatch.GetElapsedTime(since);

        await Cluster.ShouldAnswerAsync(name, app.AnswersAt, version);
        var marks = said.StandardOutput.Split('\n').Where(line => line.StartsWith("@ ", StringComparison.Ordinal)).Select(line => line.Split(' '))
            .Select(mark => (Name: mark[2], At: DateTimeOffset.UnixEpoch.AddSeconds(double.Parse(mark[1], CultureInfo.InvariantCulture)))).ToArray();
        return new Run(took, [.. marks.Zip(marks.Skip(1), (mark, next) => new Phase(mark.Name, mark.At - began, next.At - mark.At))]);
    }

    /// <summary>Removes the namespace, the images and what the registry holds of them.</summary>
    public async Task DeleteAsync()
    {
        await Cluster.KubectlAsync("delete", "namespace", name, "--ignore-not-found", "--wait=false");
        var tags = (await DockerAsync("images", "--format", "{{.Tag}}", Image)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await Cluster.KubectlAsync("wait", "--for=delete", $"namespace/{name}", "--timeout=120s");
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Account);
        http.DefaultRequestHeaders.Accept.ParseAdd("application/vnd.docker.distribution.manifest.v2+json");
        foreach (var tag in tags)
        {
            using var found = await http.GetAsync(ManifestUrl(tag));
            if (found.IsSuccessStatusCode)
                (await http.DeleteAsync(ManifestUrl(found.Headers.GetValues("Docker-Content-Digest").Single()))).Dispose();
            await DockerAsync("rmi", "--force", $"{Image}:{tag}");
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private Uri ManifestUrl(string tagOrDigest) => new($"http://{Registry}/v2/raw/{name}/manifests/{tagOrDigest}");

    private static string Account => Convert.ToBase64String(
        Encoding.UTF8.GetBytes($"{BenchPlatform.Setting("BOOTTIFY_REGISTRY_USER")}:{BenchPlatform.Setting("BOOTTIFY_REGISTRY_PASSWORD")}"));

    private static async Task<string> DockerAsync(params string[] arguments) =>
        (await Cli.Wrap("docker").WithArguments(arguments).ExecuteBufferedAsync()).StandardOutput.Trim();
}
