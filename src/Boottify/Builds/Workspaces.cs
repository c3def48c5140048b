using System.Globalization;
using Boottify.Apps;
using Boottify.Deployments;
using Boottify.Logs;

namespace Boottify.Builds;

/// <summary>
/// Folders with one deployment's commit each, below the process's own: <c>{deployment}/source</c> holds the files, and <c>fetched</c> beside it
/// names the commit once they are all there. A crash half-way leaves a folder without that name, which the next run replaces.
/// </summary>
internal sealed class Workspaces(Git git, GitRemote remote, WorkspaceRoot root, BuildSettings settings, TimeProvider time)
{
    private const int MostFiles = 100_000;
    private const int MostCommits = 200_000;

    /// <summary>The commit's files: as an earlier call left them, or fetched now.</summary>
    public async Task<SourceFolder> OpenAsync(BuildRequest request, ILogSink log, CancellationToken cancellation)
    {
        var commit = Commit(request.Commit);
        var workspace = Folder(request.DeploymentId);
        var marker = Path.Combine(workspace, "fetched");
        var source = Path.Combine(workspace, "source");
        if (!File.Exists(marker) || !string.Equals(await File.ReadAllTextAsync(marker, cancellation), commit, StringComparison.Ordinal))
        {
            var repository = RepositoryAddress.Parse(request.Source, settings.AllowLocalRepositories);
            await log.WriteAsync(LogOrigin.System, $"Fetching commit {commit[..12]} of {repository}", cancellation);
            Delete(workspace);
            await FetchAsync(repository, commit, workspace, source, log, cancellation);
            await File.WriteAllTextAsync(marker, commit, cancellation);
        }

        return SourceFolder.Open(source, request.Directory);
    }

    /// <summary>Finds out whether the server has the commit, and keeps nothing.</summary>
    public async Task VerifyAsync(RepositoryAddress repository, string commit, CancellationToken cancellation)
    {
        var folder = Path.Combine(root.Open(), $"verify-{Guid.NewGuid():N}");
        try
        {
            await FetchPackAsync(repository, commit, Path.Combine(folder, "git"), cancellation);
        }
        finally
        {
            Delete(folder);
        }
    }

    /// <summary>The commits and what they descend from, and keeps nothing.</summary>
    public async Task<CommitHistory> HistoryAsync(
        RepositoryAddress repository, IReadOnlyList<string> commits, string branch, CancellationToken cancellation)
    {
        var folder = Path.Combine(root.Open(), $"verify-{Guid.NewGuid():N}");
        var gitFolder = Path.Combine(folder, "git");
        try
        {
            IReadOnlyList<string> tips = [];
            await WithinLimitAsync(
                gitFolder, async token => tips = await remote.FetchHistoryAsync(repository, commits, branch, gitFolder, token), cancellation);
            var listed = await git.RunAsync(["--git-dir", gitFolder, "rev-list", "--parents", $"--max-count={MostCommits}", .. tips], remote: null, cancellation);
            return listed.Succeeded
                ? CommitHistory.Parse(listed.Output)
                : throw new StepException($"git could not read the history of {repository}: {listed.Error.Trim()}");
        }
        finally
        {
            Delete(folder);
        }
    }

    /// <summary>Removes a deployment's folder, and all of processes that were killed.</summary>
    public void Remove(string deploymentId)
    {
        Delete(Folder(deploymentId));
        root.RemoveThoseOfTheDead();
    }

    /// <summary>Deployments that have a folder of this process, and when it was last written to; those of the dead go by themselves.</summary>
    public IReadOnlyList<(string DeploymentId, DateTimeOffset WrittenAt)> List() =>
        [.. new DirectoryInfo(root.Open()).EnumerateDirectories().Where(d => AppIds.IsWellFormed(d.Name)).Select(d => (d.Name, new DateTimeOffset(d.LastWriteTimeUtc)))];

    public string Folder(string deploymentId) => AppIds.IsWellFormed(deploymentId)
        ? Path.Combine(root.Open(), deploymentId)
        : throw new ArgumentException("Not a deployment's id.", nameof(deploymentId));

    private async Task FetchAsync(
        RepositoryAddress repository, string commit, string workspace, string source, ILogSink log, CancellationToken cancellation)
    {
        var gitFolder = Path.Combine(workspace, "git");
        Directory.CreateDirectory(source);
        try
        {
            await FetchPackAsync(repository, commit, gitFolder, cancellation);
            await MeasureAsync(gitFolder, commit, log, cancellation);
            var checkout = await git.RunAsync(
                ["--git-dir", gitFolder, "--work-tree", source, "checkout", "--quiet", "--force", "--detach", commit], remote: null, cancellation);
            if (!checkout.Succeeded)
                throw new StepException($"git could not lay out commit {commit}: {checkout.Error.Trim()}");
        }
        finally
        {
            Delete(gitFolder);
        }
    }

    private Task FetchPackAsync(RepositoryAddress repository, string commit, string gitFolder, CancellationToken cancellation) =>
        WithinLimitAsync(gitFolder, token => remote.FetchAsync(repository, commit, gitFolder, token), cancellation);

    private async Task WithinLimitAsync(string gitFolder, Func<CancellationToken, Task> fetch, CancellationToken cancellation)
    {
        Directory.CreateDirectory(gitFolder);
        var made = await git.RunAsync(["init", "--quiet", "--bare", "--template=", gitFolder], remote: null, cancellation);
        if (!made.Succeeded)
            throw new IOException($"git init failed in {gitFolder}: {made.Error.Trim()}");

        using var tooLarge = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var watch = WatchSizeAsync(gitFolder, tooLarge, done.Token);
        try
        {
            await fetch(tooLarge.Token);
        }
        catch (OperationCanceledException) when (tooLarge.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw TooLarge();
        }
        finally
        {
            await done.CancelAsync();
            await watch;
        }
    }

    // git has no limit of its own for what it fetches.
    private async Task WatchSizeAsync(string folder, CancellationTokenSource tooLarge, CancellationToken done)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500), time);
        try
        {
            while (await timer.WaitForNextTickAsync(done))
            {
                if (SizeOf(folder) > settings.SourceLimitBytes)
                    await tooLarge.CancelAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The fetch is over.
        }
    }

    // What a small pack unpacks to may be huge: the sizes are known before a file is written.
    private async Task MeasureAsync(string gitFolder, string commit, ILogSink log, CancellationToken cancellation)
    {
        var listed = await git.RunAsync(["--git-dir", gitFolder, "ls-tree", "-r", "-l", "--full-tree", commit], remote: null, cancellation);
        if (!listed.Succeeded)
            throw new StepException($"git could not read commit {commit}: {listed.Error.Trim()}");
        long bytes = 0;
        var files = 0;
        var submodules = 0;
        foreach (var line in listed.Output.AsSpan().EnumerateLines())
        {
            if (line.IsEmpty)
                continue;
            files++;
            submodules += line.StartsWith("160000 ") ? 1 : 0;
            // mode type object size TAB path
            var fields = line[..Math.Max(0, line.IndexOf('\t'))];
            if (long.TryParse(fields[(fields.TrimEnd().LastIndexOf(' ') + 1)..], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var size))
                bytes += size;
        }

        if (bytes > settings.SourceLimitBytes)
            throw TooLarge();
        if (files > MostFiles)
            throw new StepException($"The commit has {files} files; at most {MostFiles} are taken.");
        if (submodules > 0)
            await log.WriteAsync(LogOrigin.System, $"Warning: {submodules} submodule(s) are left out. Boottify builds what is in the repository itself.", cancellation);
    }

    private StepException TooLarge() =>
        new($"The commit is larger than {settings.SourceLimitBytes >> 20} MB. Keep large files out of the repository.");

    private static long SizeOf(string folder)
    {
        try
        {
            return new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        }
        catch (IOException)
        {
            // git renames its files while it works; the next look will tell.
            return 0;
        }
    }

    private static string Commit(string commit) => Commits.IsFull(commit)
        ? commit.ToLowerInvariant()
        : throw new StepException($"'{commit}' is not a commit. A commit is named by all 40 characters of its id.");

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
            WorkspaceRoot.Delete(folder);
    }
}
