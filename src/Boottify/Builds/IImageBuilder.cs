using Boottify.Logs;

namespace Boottify.Builds;

/// <summary>
/// The border to git and the Docker Engine. Every method is idempotent: names follow from the deployment, so running one
/// again after a crash finds or replaces what the first run left.
/// </summary>
public interface IImageBuilder
{
    /// <summary>
    /// The full commit id that a branch, tag or commit stands for at the repository.
    /// </summary>
    /// <exception cref="Deployments.StepException">The repository or the revision cannot be reached; says which and why.</exception>
    Task<string> ResolveAsync(SourceRepository repository, string revision, CancellationToken cancellation);

    /// <summary>The commit that a branch is at now. Cheap: the server is asked for this one name, and nothing is fetched.</summary>
    /// <exception cref="Deployments.StepException">The repository cannot be reached, or has no such branch; says which and why.</exception>
    Task<string> HeadAsync(SourceRepository repository, string branch, CancellationToken cancellation);

    /// <summary>
    /// Which of the candidates have the commit in their history, in the order given. Fetches commits alone, without files, and
    /// at most 2,000 generations of them; what lies further back counts as no part of the history.
    /// </summary>
    /// <param name="branch">Asked for instead where the server does not hand out candidates by their id.</param>
    /// <exception cref="Deployments.StepException">The history cannot be had; says why.</exception>
    Task<IReadOnlyList<string>> DescendantsAsync(
        SourceRepository repository, string commit, IReadOnlyList<string> candidates, string branch, CancellationToken cancellation);

    /// <summary>
    /// Fetches the commit (and only it) into the deployment's workspace and finds out how to build it.
    /// </summary>
    /// <exception cref="Deployments.StepException">No such commit or folder, or nothing here that Boottify can build.</exception>
    /// <exception cref="PassingFaultException">The repository's server is away or does not answer in time, after several tries.</exception>
    Task<BuildPlan> InspectAsync(BuildRequest request, ILogSink log, CancellationToken cancellation);

    /// <summary>
    /// Builds the image. Fetches the commit again if the workspace is not on this node. Cancelling stops the build in the
    /// daemon too, and no intermediate container is left.
    /// </summary>
    /// <exception cref="Deployments.StepException">The build failed; the log has why.</exception>
    /// <exception cref="PassingFaultException">The engine is away, or the server of the repository or of an image that the build starts from.</exception>
    Task<BuiltImage> BuildAsync(BuildRequest request, ILogSink log, CancellationToken cancellation);

    /// <summary>
    /// Pushes what <see cref="BuildAsync"/> made and tells the digest that the registry gave it. Pushing again gives the same.
    /// </summary>
    /// <exception cref="Deployments.StepException">The registry refuses.</exception>
    /// <exception cref="Deployments.LostResultException">This machine's engine does not have the image: another one built it, or it was removed.</exception>
    /// <exception cref="PassingFaultException">The registry or the engine is away, after several tries.</exception>
    Task<PushedImage> PushAsync(BuildRequest request, ILogSink log, CancellationToken cancellation);

    /// <summary>
    /// Removes the workspace that a deployment has on this node, when the node runs it no more. Never fails: what cannot be
    /// removed goes with the process.
    /// </summary>
    void Leave(string deploymentId);

    /// <summary>Removes the workspace of a deployment and running or partial build containers of it; its image stays.</summary>
    Task CleanUpAsync(string deploymentId, CancellationToken cancellation);

    /// <summary>
    /// Takes back all that a deployment built and pushed: containers, workspace, and its image here and in the registry, however
    /// far it got. Returns once it was seen to be gone. An image whose digest is among <paramref name="kept"/> stays.
    /// </summary>
    /// <exception cref="PassingFaultException">Something of it is still there.</exception>
    Task DiscardAsync(BuildRequest request, IReadOnlyCollection<string> kept, CancellationToken cancellation);

    /// <summary>Whether the registry has it.</summary>
    Task<bool> HasImageAsync(string repository, string digest, CancellationToken cancellation);

    /// <summary>Removes every local image and registry manifest of an app; returns once none was found.</summary>
    /// <exception cref="PassingFaultException">Something of it is still there.</exception>
    Task DeleteRepositoryAsync(string repository, CancellationToken cancellation);
}

/// <param name="Url">http(s) URL or an absolute path that git can fetch from.</param>
/// <param name="Token">For private repositories. Never on a command line, never in the log.</param>
public sealed record SourceRepository(string Url, string? Token)
{
    /// <summary>Without the token, and without what the URL itself may hold of one.</summary>
    public override string ToString() => new Redactor().Clean(Url);
}

/// <param name="ImageRepository">From <see cref="Apps.AppNames.ImageRepository"/>.</param>
/// <param name="Commit">Full commit id.</param>
/// <param name="Directory">Folder inside the repository to build; empty for its root.</param>
/// <param name="Port">The port that the app is to listen on.</param>
public sealed record BuildRequest(
    string DeploymentId, string AppId, SourceRepository Source, string Commit, string Directory, string ImageRepository, int Port)
{
    /// <summary>What the build recorded; null before it. It is pushed by this id: a tag may be moved by a node that is late.</summary>
    public string? ImageId { get; init; }
}

/// <param name="Template">"dockerfile", "nextjs", "node" or "static".</param>
/// <param name="PackageManager">"npm", "pnpm", "yarn", or null without a package.json.</param>
public sealed record BuildPlan(string Template, string? PackageManager);

/// <param name="ImageId">The daemon's id of it, <c>sha256:…</c>.</param>
/// <param name="SizeBytes">As the daemon counts it, layers shared with others included.</param>
/// <param name="RunsAsRoot">The image names no user, or root, or a user by name that cannot be checked.</param>
public sealed record BuiltImage(string ImageId, long SizeBytes, string Template, bool RunsAsRoot);

/// <param name="Reference"><c>registry/repository@sha256:…</c>, what a pod pulls.</param>
/// <param name="Digest"><c>sha256:…</c></param>
public sealed record PushedImage(string Reference, string Digest, string Tag);
