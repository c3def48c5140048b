using System.Text;
using Boottify.Apps;
using Boottify.Builds;
using Boottify.IntegrationTests.Housekeeping;
using CliWrap;
using CliWrap.Buffered;
using Docker.DotNet;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Builds;

/// <summary>
/// The real git server, Docker Engine and registry of ops/up, with a workspace folder of its own. What tests make is removed
/// at the end.
/// </summary>
public sealed class BuildFixture : IAsyncLifetime
{
    /// <summary>Where that git server and those that tests start are.</summary>
    public static string GitServers => $"127.0.0.1,{new Uri(Need("BOOTTIFY_GIT_URL")).Authority}";

    private readonly List<string> _repositories = [];
    private readonly List<string> _apps = [];
    private ServiceProvider? _services;

    public string Data { get; } = Path.Combine(Path.GetTempPath(), $"boottify-builds-{Guid.NewGuid():N}");

    public string GitRoot { get; } = Need("BOOTTIFY_GIT_ROOT");

    public string GitUrl { get; } = Need("BOOTTIFY_GIT_URL");

    public string Registry { get; } = Need("BOOTTIFY_REGISTRY");

    public IImageBuilder Builder => _services!.GetRequiredService<IImageBuilder>();

    public DockerClient Docker => _services!.GetRequiredService<DockerClient>();

    public static string Samples { get; } = Path.Combine(RepositoryRoot.Path, "ops", "samples");

    /// <summary>The folder of a deployment's commit, below that of this process.</summary>
    public string Workspace(BuildRequest request) => Directory.GetDirectories(Path.Combine(Data, "builds"), request.DeploymentId, SearchOption.AllDirectories).Single();

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _services = Services([]);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps)
            await Builder.DeletePatientlyAsync($"apps/{app}");
        foreach (var repository in _repositories)
            Directory.Delete(repository, recursive: true);
        if (Directory.Exists(Data))
            Directory.Delete(Data, recursive: true);
        await _services!.DisposeAsync();
    }

    /// <summary>The services with other settings than the usual.</summary>
    /// <param name="lookup">Other answers about host names than the machine's.</param>
    public ServiceProvider Services(Dictionary<string, string?> settings, HostLookup? lookup = null)
    {
        var configuration = new ConfigurationBuilder()
            .AddEnvironmentVariables()
            .AddInMemoryCollection([new("BOOTTIFY_DATA", Data), new("BOOTTIFY_GIT_PRIVATE_SERVERS", GitServers)])
            .AddInMemoryCollection(settings)
            .Build();
        var services = new ServiceCollection();
        if (lookup is not null)
            services.AddSingleton(lookup);
        return services
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddBuilds(configuration)
            .BuildServiceProvider();
    }

    /// <summary>A bare repository on the git server with one commit of these files.</summary>
    public Task<GitRepository> RepositoryAsync(params (string Name, string Text)[] files) => RepositoryAsync(async folder =>
    {
        foreach (var (name, text) in files)
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, text, Token);
        }
    });

    public Task<GitRepository> SampleAsync(string sample) => RepositoryAsync(folder =>
    {
        Copy(new DirectoryInfo(Path.Combine(Samples, sample)), folder);
        return Task.CompletedTask;
    });

    public async Task<GitRepository> RepositoryAsync(Func<string, Task> fill)
    {
        var name = $"test-{Guid.NewGuid():N}.git";
        var bare = Path.Combine(GitRoot, name);
        var work = Path.Combine(Data, $"work-{Guid.NewGuid():N}");
        Directory.CreateDirectory(work);
        _repositories.Add(bare);
        await GitAsync("init", "--quiet", "--initial-branch=main", work);
        await fill(work);
        await GitAsync("-C", work, "add", "--all");
        await GitAsync("-C", work, "commit", "--quiet", "--message=First");
        await GitAsync("clone", "--quiet", "--bare", work, bare);
        return new GitRepository($"{GitUrl}/{name}", bare, work, (await GitAsync("-C", work, "rev-parse", "HEAD")).Trim());
    }

    public BuildRequest Request(GitRepository repository, string? commit = null, string directory = "", string? token = null, string? url = null, string name = "Test")
    {
        var app = AppIds.New();
        _apps.Add(app);
        return new BuildRequest(
            AppIds.NewDeployment(DateTimeOffset.UtcNow), app, new SourceRepository(url ?? repository.Url, token), commit ?? repository.Commit, directory,
            AppNames.Of(app, name).ImageRepository, 3000);
    }

    public static async Task<string> GitAsync(params string[] arguments)
    {
        var result = await Cli.Wrap("git")
            .WithArguments(arguments)
            .WithEnvironmentVariables(variables => variables
                .Set("GIT_AUTHOR_NAME", "Test").Set("GIT_AUTHOR_EMAIL", "test@example.test")
                .Set("GIT_COMMITTER_NAME", "Test").Set("GIT_COMMITTER_EMAIL", "test@example.test")
                .Set("GIT_CONFIG_GLOBAL", "/dev/null"))
            .ExecuteBufferedAsync(Encoding.UTF8, Token);
        return result.StandardOutput;
    }

    public static string Need(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException(
            $"{name} is not set. Start the components with ops/up, then put .boottify/services.env and .boottify/platform.env into the environment (ops/test does both).");

    private static void Copy(DirectoryInfo from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in from.EnumerateFiles())
            file.CopyTo(Path.Combine(to, file.Name));
        foreach (var folder in from.EnumerateDirectories().Where(d => d.Name is not ("node_modules" or ".next")))
            Copy(folder, Path.Combine(to, folder.Name));
    }
}

/// <param name="Url">Under which the git server has it.</param>
/// <param name="Bare">Its folder.</param>
/// <param name="Work">The working tree that it was made of.</param>
/// <param name="Commit">Its first commit.</param>
public sealed record GitRepository(string Url, string Bare, string Work, string Commit)
{
    /// <summary>Adds a commit that changes one file.</summary>
    public async Task<string> CommitAsync(string file, string text, string branch = "main")
    {
        await BuildFixture.GitAsync("-C", Work, "checkout", "--quiet", "-B", branch);
        await File.WriteAllTextAsync(Path.Combine(Work, file), text, BuildFixture.Token);
        await BuildFixture.GitAsync("-C", Work, "add", "--all");
        await BuildFixture.GitAsync("-C", Work, "commit", "--quiet", $"--message=Change {file}");
        await BuildFixture.GitAsync("-C", Work, "push", "--quiet", "--force", Bare, branch);
        return (await BuildFixture.GitAsync("-C", Work, "rev-parse", "HEAD")).Trim();
    }
}

/// <summary>One after the other: the machine's two processors are busy with one build.</summary>
[CollectionDefinition("Builds")]
public sealed class BuildCollection : ICollectionFixture<BuildFixture>;
