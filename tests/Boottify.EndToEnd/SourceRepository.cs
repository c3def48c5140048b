using System.Text;
using CliWrap;
using CliWrap.Buffered;

namespace Boottify.EndToEnd;

/// <summary>A bare Git repository that the platform can clone, and the work tree that commits to it.</summary>
public sealed class SourceRepository : IDisposable
{
    public const string Branch = "main";

    private readonly string bare;
    private readonly string workTree = Directory.CreateTempSubdirectory("boottify-e2e-").FullName;

    private SourceRepository(string gitRoot, string gitUrl)
    {
        var name = $"e2e-{Guid.NewGuid():n}.git";
        bare = Path.Combine(gitRoot, name);
        Url = $"{gitUrl}/{name}";
    }

    public string Url { get; }

    /// <summary>The newest commit's full hash.</summary>
    public string Head { get; private set; } = "";

    public static async Task<SourceRepository> CreateAsync(Platform platform, IReadOnlyDictionary<string, byte[]> files)
    {
        var repository = new SourceRepository(platform.GitRoot, platform.GitUrl);
        try
        {
            await repository.GitAsync("init", "--quiet", "--bare", "--initial-branch", Branch, repository.bare);
            await repository.GitAsync("init", "--quiet", "--initial-branch", Branch);
            await repository.GitAsync("remote", "add", "origin", repository.bare);
            await repository.CommitAsync(files, "First commit");
            return repository;
        }
        catch
        {
            repository.Dispose();
            throw;
        }
    }

    /// <summary>The files of a folder of <c>ops/samples</c>, without what npm and builds leave there.</summary>
    public static Dictionary<string, byte[]> Sample(string name)
    {
        var folder = Path.Combine(RepositoryRoot.Path, "ops", "samples", name);
        string[] leftovers = ["node_modules", ".next", ".git"];
        return Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => (Full: path, Relative: Path.GetRelativePath(folder, path)))
            .Where(file => !file.Relative.Split(Path.DirectorySeparatorChar).Any(leftovers.Contains))
            .ToDictionary(file => file.Relative, file => File.ReadAllBytes(file.Full));
    }

    /// <summary>Files written in the test itself: <c>Files(("server.js", "…"), ("Dockerfile", "…"))</c>.</summary>
    public static Dictionary<string, byte[]> Files(params (string Path, string Content)[] files) =>
        files.ToDictionary(file => file.Path, file => Encoding.UTF8.GetBytes(file.Content));

    /// <summary>Writes the files over the last commit's, commits and pushes.</summary>
    /// <returns>The commit's full hash. A commit without a change is made, too.</returns>
    public async Task<string> CommitAsync(IReadOnlyDictionary<string, byte[]>? files = null, string message = "Another commit")
    {
        foreach (var (path, content) in files ?? new Dictionary<string, byte[]>())
        {
            var target = Path.Combine(workTree, path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await File.WriteAllBytesAsync(target, content);
        }

        await GitAsync("add", "--all");
        await GitAsync("commit", "--quiet", "--allow-empty", "--message", message);
        await GitAsync("push", "--quiet", "origin", Branch);
        return Head = (await GitAsync("rev-parse", "HEAD")).Trim();
    }

    public void Dispose()
    {
        foreach (var folder in new[] { bare, workTree }.Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }

    private async Task<string> GitAsync(params string[] arguments) => (await Cli.Wrap("git")
        .WithWorkingDirectory(workTree)
        .WithArguments(arguments)
        .WithEnvironmentVariables(new Dictionary<string, string?>
        {
            // Nothing of the developer's own settings (signing, hooks, templates) may change what is tested.
            ["GIT_CONFIG_GLOBAL"] = "/dev/null",
            ["GIT_CONFIG_SYSTEM"] = "/dev/null",
            ["GIT_AUTHOR_NAME"] = "Ada",
            ["GIT_AUTHOR_EMAIL"] = "ada@example.com",
            ["GIT_COMMITTER_NAME"] = "Ada",
            ["GIT_COMMITTER_EMAIL"] = "ada@example.com",
        })
        .ExecuteBufferedAsync(Platform.Deadline())).StandardOutput;
}
