using Boottify.IntegrationTests.Builds;

namespace Boottify.IntegrationTests.Branches;

/// <summary>
/// A repository of its own and a git server for it. Its commits hold nothing that can be built: a deployment that goes on ends
/// as failed in its first step, for that reason.
/// </summary>
public sealed class BranchRepository : IAsyncDisposable
{
    /// <summary>What the error of a deployment that was not held back says.</summary>
    public const string WentOn = "*Dockerfile*";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("boottify-branch-");
    private SmallGitServer? server;

    public string Url => $"{server!.Url}/x.git";

    private string Bare => Path.Combine(folder.FullName, "bare.git");

    private string Work => Path.Combine(folder.FullName, "work");

    public static async Task<BranchRepository> StartAsync()
    {
        var repository = new BranchRepository();
        await BuildFixture.GitAsync("init", "--quiet", "--bare", "--initial-branch=main", repository.Bare);
        await BuildFixture.GitAsync("init", "--quiet", "--initial-branch=main", repository.Work);
        repository.server = await SmallGitServer.StartAsync(repository.Bare);
        return repository;
    }

    /// <summary>Its server cuts every connection while it is so.</summary>
    public bool Away
    {
        set => server!.Away = value;
    }

    /// <summary>Commits on top of the last one, and pushes.</summary>
    /// <param name="dockerfile">From this commit on; none that can be built unless given.</param>
    public async Task<string> PushAsync(string? dockerfile = null)
    {
        if (dockerfile is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(Work, "Dockerfile"), dockerfile, BuildFixture.Token);
            await BuildFixture.GitAsync("-C", Work, "add", "--all");
        }

        await BuildFixture.GitAsync("-C", Work, "commit", "--quiet", "--allow-empty", $"--message={Guid.NewGuid()}");
        await BuildFixture.GitAsync("-C", Work, "push", "--quiet", Bare, "main");
        return (await BuildFixture.GitAsync("-C", Work, "rev-parse", "HEAD")).Trim();
    }

    public async Task ForceBackAsync(string commit)
    {
        await BuildFixture.GitAsync("-C", Work, "reset", "--quiet", "--hard", commit);
        await BuildFixture.GitAsync("-C", Work, "push", "--quiet", "--force", Bare, "main");
    }

    public Task RenameBranchAsync(string name) => BuildFixture.GitAsync("-C", Bare, "branch", "--move", "main", name);

    public Task RestoreBranchAsync(string name) => BuildFixture.GitAsync("-C", Bare, "branch", "--move", name, "main");

    public async ValueTask DisposeAsync()
    {
        await server!.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
