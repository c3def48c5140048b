using CliWrap;
using CliWrap.Buffered;

namespace Boottify.Benchmarks.Overhead;

/// <summary>A bare repository on the platform's Git server, and the work tree that commits to it.</summary>
internal sealed class BenchSource : IDisposable
{
    private readonly string name = $"bench-{Guid.NewGuid():n}.git";
    private readonly string workTree = Directory.CreateTempSubdirectory("boottify-bench-").FullName;
    private readonly BenchedApp app;

    private BenchSource(BenchedApp app) => this.app = app;

    public string Url => $"{BenchPlatform.Setting("BOOTTIFY_GIT_URL").TrimEnd('/')}/{name}";

    private string Bare => Path.Combine(BenchPlatform.Setting("BOOTTIFY_GIT_ROOT"), name);

    public static async Task<BenchSource> CreateAsync(BenchedApp app)
    {
        var source = new BenchSource(app);
        await source.GitAsync("init", "--quiet", "--bare", "--initial-branch", "main", source.Bare);
        await source.GitAsync("init", "--quiet", "--initial-branch", "main");
        return source;
    }

    /// <summary>Commits the app in that version; nothing that depends on its files is in any cache.</summary>
    /// <returns>The commit's full hash.</returns>
    public async Task<string> CommitAsync(string version)
    {
        app.Write(workTree, version);
        await GitAsync("add", "--all");
        await GitAsync("commit", "--quiet", "--message", version);
        await GitAsync("push", "--quiet", Bare, "main");
        return (await GitAsync("rev-parse", "HEAD")).Trim();
    }

    public void Dispose()
    {
        foreach (var folder in new[] { Bare, workTree }.Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }

    private async Task<string> GitAsync(params string[] arguments) => (await Cli.Wrap("git").WithWorkingDirectory(workTree).WithArguments(arguments)
        .WithEnvironmentVariables(new Dictionary<string, string?>
        {
            ["GIT_CONFIG_GLOBAL"] = "/dev/null",
            ["GIT_CONFIG_SYSTEM"] = "/dev/null",
            ["GIT_AUTHOR_NAME"] = "Ada",
            ["GIT_AUTHOR_EMAIL"] = "ada@example.com",
            ["GIT_COMMITTER_NAME"] = "Ada",
            ["GIT_COMMITTER_EMAIL"] = "ada@example.com",
        })
        .ExecuteBufferedAsync()).StandardOutput;
}
