using Boottify.Apps;
using Boottify.Builds;
using Boottify.Deployments;

namespace Boottify.Branches;

/// <summary>Asks repositories about branches. Nobody waits long for that: each question has a short time limit of its own.</summary>
public sealed class BranchReader(IImageBuilder builder, SecretsOfApp secrets, TimeProvider time)
{
    private static readonly TimeSpan HeadLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HistoryLimit = TimeSpan.FromSeconds(60);

    /// <summary>The commit that the branch is at.</summary>
    /// <exception cref="StepException">It cannot be found out; the message says why, and holds no secret.</exception>
    public Task<string> HeadAsync(App app, string branch, CancellationToken cancellation) =>
        AskAsync(app, HeadLimit, (source, limit) => builder.HeadAsync(source, branch, limit), cancellation);

    /// <summary>Which of the candidates have the commit in their history.</summary>
    /// <exception cref="StepException">As for <see cref="HeadAsync"/>.</exception>
    public Task<IReadOnlyList<string>> DescendantsAsync(
        App app, string branch, string commit, IReadOnlyList<string> candidates, CancellationToken cancellation) =>
        AskAsync(app, HistoryLimit, (source, limit) => builder.DescendantsAsync(source, commit, candidates, branch, limit), cancellation);

    private async Task<T> AskAsync<T>(App app, TimeSpan limit, Func<SourceRepository, CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        var source = new SourceRepository(app.Repository.Url, await secrets.RepositoryTokenAsync(app, cancellation));
        using var deadline = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            return await ask(source, both.Token);
        }
        catch (OperationCanceledException fault) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new StepException($"The repository {source} did not answer within {limit.TotalSeconds:0} s.", fault);
        }
        catch (Exception fault) when (fault is not StepException && !cancellation.IsCancellationRequested)
        {
            // A full disk, no git, …: whose words are not for an app's users.
            throw new StepException($"The repository {source} could not be asked, because of a fault of this node of Boottify.", fault);
        }
    }
}
