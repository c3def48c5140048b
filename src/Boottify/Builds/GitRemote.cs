using Boottify.Deployments;
using Polly;
using Polly.Retry;

namespace Boottify.Builds;

/// <summary>
/// Conversations with a repository's server: each has a time limit, and is tried again when the fault may pass. One that still
/// fails for that is a <see cref="PassingFaultException"/>; any other failure is a <see cref="StepException"/>.
/// </summary>
internal sealed class GitRemote(Git git, GitServers servers, BuildSettings settings, TimeProvider time)
{
    private const int BranchesInMessage = 10;

    /// <summary>How far back history is looked at.</summary>
    private const int Generations = 2000;

    private readonly ResiliencePipeline<GitResult> _retries = new ResiliencePipelineBuilder<GitResult> { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions<GitResult>
        {
            MaxRetryAttempts = 3,
            Delay = TimeSpan.FromMilliseconds(400),
            MaxDelay = TimeSpan.FromSeconds(5),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = new PredicateBuilder<GitResult>().HandleResult(result => !result.Succeeded && IsPassing(result)),
        })
        .Build();

    /// <summary>The commit that a branch or tag stands for.</summary>
    /// <param name="revision">A branch, a tag, a full reference name, or HEAD for the default branch.</param>
    public async Task<string> ResolveAsync(RepositoryAddress repository, string revision, CancellationToken cancellation)
    {
        var head = string.Equals(revision, "HEAD", StringComparison.Ordinal);
        string[] arguments = head ? ["ls-remote", "--", repository.Url, "HEAD"] : ["ls-remote", "--heads", "--tags", "--", repository.Url];
        var result = await RunAsync(repository, arguments, cancellation);
        if (!result.Succeeded)
            throw Failure(repository, result);

        var references = References(result.Output);
        if (Find(references, revision) is { } commit)
            return commit;
        throw new StepException(NotFound(repository, revision, references));
    }

    /// <summary>The commit that a branch is at.</summary>
    public async Task<string> HeadAsync(RepositoryAddress repository, string branch, CancellationToken cancellation)
    {
        var name = $"refs/heads/{branch}";
        var result = await RunAsync(repository, ["ls-remote", "--", repository.Url, name], cancellation);
        if (!result.Succeeded)
            throw Failure(repository, result);
        // Names are matched by their ends: a branch of that very name or none.
        return References(result.Output).TryGetValue(name, out var commit)
            ? commit
            : throw new StepException($"The repository {repository} has no branch '{branch}'. Push it, or set the app's branch to one that is there.");
    }

    /// <summary>
    /// Fetches commits and their history, without the files, into a bare repository. A server that knows no filter sends the
    /// files too; one that hands out no commits by id is asked for the branch.
    /// </summary>
    /// <returns>What was fetched: the commits, or the branch.</returns>
    public async Task<IReadOnlyList<string>> FetchHistoryAsync(
        RepositoryAddress repository, IReadOnlyList<string> commits, string branch, string gitFolder, CancellationToken cancellation)
    {
        string[] how = [$"--depth={Generations}", "--filter=tree:0"];
        var result = await RunAsync(repository, Fetch(gitFolder, repository, how, [.. commits]), cancellation);
        if (result.Succeeded)
            return commits;
        if (GitFault.Of(repository, result).Kind == GitFaultKind.NoCommit)
            result = await RunAsync(repository, Fetch(gitFolder, repository, how, $"+refs/heads/{branch}:refs/heads/{branch}"), cancellation);
        return result.Succeeded ? [$"refs/heads/{branch}"] : throw Failure(repository, result);
    }

    /// <summary>
    /// Fetches one commit without its history into a bare repository. A server that hands out no commits by id is asked for
    /// its branches instead.
    /// </summary>
    public async Task FetchAsync(RepositoryAddress repository, string commit, string gitFolder, CancellationToken cancellation)
    {
        var result = await RunAsync(repository, Fetch(gitFolder, repository, ["--depth=1"], commit), cancellation);
        if (result.Succeeded)
            return;
        if (GitFault.Of(repository, result).Kind != GitFaultKind.NoCommit)
            throw Failure(repository, result);

        string[] everything = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        foreach (var depth in new[] { "--depth=100", "--depth=2147483647" })
        {
            result = await RunAsync(repository, Fetch(gitFolder, repository, [depth], everything), cancellation);
            if (!result.Succeeded)
                throw Failure(repository, result);
            if ((await git.RunAsync(["--git-dir", gitFolder, "cat-file", "-e", $"{commit}^{{commit}}"], remote: null, cancellation)).Succeeded)
                return;
        }

        throw new StepException($"The repository {repository} has no commit {commit}. Was it replaced by a forced push? Deploy a commit that is on a branch.");
    }

    private static string[] Fetch(string gitFolder, RepositoryAddress repository, string[] how, params string[] what) =>
        ["--git-dir", gitFolder, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", .. how, "--", repository.Url, .. what];

    private async Task<GitResult> RunAsync(RepositoryAddress repository, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(settings.SourceTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            return await _retries.ExecuteAsync(async token => await RunOnceAsync(repository, arguments, token), both.Token);
        }
        catch (OperationCanceledException fault) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new PassingFaultException($"The repository {repository} did not answer within {settings.SourceTimeout.TotalSeconds:0} s. Deploy again later.", fault);
        }
    }

    private async Task<GitResult> RunOnceAsync(RepositoryAddress repository, IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        await servers.FindAsync(repository, cancellation) is { } found ? await git.RunAsync(arguments, found, cancellation) : GitResult.UnknownHost;

    private static Exception Failure(RepositoryAddress repository, GitResult result)
    {
        var fault = GitFault.Of(repository, result);
        return fault.Kind == GitFaultKind.Passing ? new PassingFaultException(fault.Message) : new StepException(fault.Message);
    }

    private static bool IsPassing(GitResult result) => GitFault.Of(Anybody, result).Kind == GitFaultKind.Passing;

    private static readonly RepositoryAddress Anybody = RepositoryAddress.Parse(new SourceRepository("https://host.invalid/", null), allowLocal: false);

    internal static IReadOnlyDictionary<string, string> References(string listed)
    {
        var references = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in listed.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split('\t', 2) is [var commit, var name] && Commits.IsFull(commit))
                references[name.TrimEnd('\r')] = commit;
        }

        return references;
    }

    // An annotated tag is an object of its own; the commit that it stands for is listed under its name with ^{}.
    internal static string? Find(IReadOnlyDictionary<string, string> references, string revision)
    {
        string[] names = [$"refs/heads/{revision}", $"refs/tags/{revision}^{{}}", $"refs/tags/{revision}", $"{revision}^{{}}", revision];
        foreach (var name in names)
        {
            if (references.TryGetValue(name, out var commit))
                return commit;
        }

        if (revision.Length < 7 || !revision.All(char.IsAsciiHexDigit))
            return null;
        var tips = references.Values.Where(c => c.StartsWith(revision, StringComparison.OrdinalIgnoreCase)).Distinct(StringComparer.Ordinal).ToArray();
        return tips.Length == 1 ? tips[0] : null;
    }

    private static string NotFound(RepositoryAddress repository, string revision, IReadOnlyDictionary<string, string> references)
    {
        var branches = references.Keys
            .Where(name => name.StartsWith("refs/heads/", StringComparison.Ordinal))
            .Select(name => name["refs/heads/".Length..])
            .Order(StringComparer.Ordinal)
            .ToArray();
        if (references.Count == 0)
            return $"The repository {repository} is empty. Push a commit to it first.";
        var listed = string.Join(", ", branches.Take(BranchesInMessage)) + (branches.Length > BranchesInMessage ? $" and {branches.Length - BranchesInMessage} more" : "");
        var hint = revision.Length >= 7 && revision.All(char.IsAsciiHexDigit) ? " A commit is named by all 40 characters of its id." : "";
        return $"The repository {repository} has no branch or tag '{revision}'. Its branches are {listed}.{hint}";
    }
}

/// <summary>Commit ids.</summary>
internal static class Commits
{
    public static bool IsFull(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigit);
}
