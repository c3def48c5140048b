using System.Globalization;
using System.Net;
using Boottify.Deployments;
using Boottify.Logs;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Boottify.Builds;

/// <summary>
/// Images are named by deployment on this machine, and by deployment and commit in the registry: so each digest keeps a tag of
/// its own there when a commit is deployed again, and is found when its app goes.
/// </summary>
internal sealed class ImageBuilder(
    BuildSettings settings,
    Workspaces workspaces,
    GitRemote remote,
    Engine engine,
    DockerBuild build,
    BuildContainers containers,
    ImagePush push,
    ImageDiscard discard,
    LayerImages layers,
    IHttpClientFactory http) : IImageBuilder
{
    public async Task<string> ResolveAsync(SourceRepository repository, string revision, CancellationToken cancellation)
    {
        var address = RepositoryAddress.Parse(repository, settings.AllowLocalRepositories);
        var wanted = revision.Trim();
        if (wanted.Length == 0)
            wanted = "HEAD";
        if (wanted.StartsWith('-') || wanted.Length > 250 || wanted.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            throw new StepException("The branch, tag or commit holds characters that no name of one has.");
        return await ToldAsync(async () =>
        {
            if (!Commits.IsFull(wanted))
                return await remote.ResolveAsync(address, wanted, cancellation);
            var commit = wanted.ToLowerInvariant();
            await workspaces.VerifyAsync(address, commit, cancellation);
            return commit;
        });
    }

    public Task<string> HeadAsync(SourceRepository repository, string branch, CancellationToken cancellation) =>
        ToldAsync(() => remote.HeadAsync(RepositoryAddress.Parse(repository, settings.AllowLocalRepositories), branch, cancellation));

    public async Task<IReadOnlyList<string>> DescendantsAsync(
        SourceRepository repository, string commit, IReadOnlyList<string> candidates, string branch, CancellationToken cancellation)
    {
        var address = RepositoryAddress.Parse(repository, settings.AllowLocalRepositories);
        var wanted = candidates.Where(Commits.IsFull).ToList();
        if (wanted.Count == 0)
            return [];
        var history = await ToldAsync(() => workspaces.HistoryAsync(address, wanted, branch, cancellation));
        return [.. wanted.Where(candidate => history.Contains(candidate, commit))];
    }

    public Task<BuildPlan> InspectAsync(BuildRequest request, ILogSink log, CancellationToken cancellation) =>
        FullDisk.InWordsAsync(() => InspectHereAsync(request, log, cancellation));

    public Task<BuiltImage> BuildAsync(BuildRequest request, ILogSink log, CancellationToken cancellation) =>
        FullDisk.InWordsAsync(() => BuildHereAsync(request, log, cancellation));

    private async Task<BuildPlan> InspectHereAsync(BuildRequest request, ILogSink log, CancellationToken cancellation)
    {
        var folder = await workspaces.OpenAsync(request, log, cancellation);
        var plan = SourcePlan.Of(folder);
        await log.WriteAsync(LogOrigin.System, Described(plan), cancellation);
        foreach (var warning in plan.Manager?.Warnings ?? [])
            await log.WriteAsync(LogOrigin.System, $"Warning: {warning}", cancellation);
        return plan.Public;
    }

    private async Task<BuiltImage> BuildHereAsync(BuildRequest request, ILogSink log, CancellationToken cancellation)
    {
        var folder = await workspaces.OpenAsync(request, log, cancellation);
        var plan = SourcePlan.Of(folder);
        var tag = Local(request);
        var added = Dockerfiles.For(plan, folder, request, settings.BaseImage);
        await build.RunAsync(request, folder, added, tag, log, cancellation);

        var image = await engine.CallAsync((docker, token) => docker.Images.InspectImageAsync(tag, token), cancellation);
        if (image.Size > settings.ImageLimitBytes)
        {
            await RemoveLocalAsync(tag, cancellation);
            throw new StepException(string.Create(
                CultureInfo.InvariantCulture,
                $"The image has {image.Size / 1e6:0} MB; at most {settings.ImageLimitBytes / 1e6:0} MB are allowed. Build in stages, and copy only what runs into the last one."));
        }

        await log.WriteAsync(LogOrigin.System, string.Create(CultureInfo.InvariantCulture, $"Built an image of {image.Size / 1e6:0.0} MB"), cancellation);
        return new BuiltImage(image.ID, image.Size, plan.Template, ImageUsers.IsRoot(image.Config?.User));
    }

    public async Task<PushedImage> PushAsync(BuildRequest request, ILogSink log, CancellationToken cancellation)
    {
        var repository = Repository(request.ImageRepository);
        var commit = request.Commit.ToLowerInvariant();
        await log.WriteAsync(LogOrigin.System, $"Pushing {repository}:{commit}", cancellation);
        if (request.ImageId is { } built)
            await TagAsync(built, repository, request.DeploymentId, cancellation);
        var digest = await push.RunAsync(repository, request.DeploymentId, log, cancellation);
        var held = await Registry().TagAsync(request.ImageRepository, digest, commit, cancellation);
        if (!string.Equals(held, digest, StringComparison.Ordinal))
            throw new PassingFaultException($"The registry holds {held ?? "nothing"} as {repository}:{commit}, but {digest} was pushed.");
        await log.WriteAsync(LogOrigin.System, $"The registry has it as {digest}", cancellation);
        return new PushedImage($"{repository}@{digest}", digest, commit);
    }

    public void Leave(string deploymentId)
    {
        try
        {
            workspaces.Remove(deploymentId);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A program that was cut off may still write there.
        }
    }

    public async Task CleanUpAsync(string deploymentId, CancellationToken cancellation)
    {
        await containers.EnsureGoneAsync(deploymentId, cancellation);
        workspaces.Remove(deploymentId);
    }

    public async Task DiscardAsync(BuildRequest request, IReadOnlyCollection<string> kept, CancellationToken cancellation)
    {
        await CleanUpAsync(request.DeploymentId, cancellation);
        await discard.RunAsync(request, kept, cancellation);
    }

    public async Task<bool> HasImageAsync(string repository, string digest, CancellationToken cancellation) =>
        await Registry().DigestAsync(repository, digest, cancellation) is not null;

    public async Task DeleteRepositoryAsync(string repository, CancellationToken cancellation)
    {
        var registry = Registry();
        var digests = new HashSet<string>(StringComparer.Ordinal);
        // All are revived before the first removal: the registry looks through all tags in each, and fails at one that is empty.
        foreach (var tag in await registry.TagsAsync(repository, cancellation))
            digests.Add(await registry.TargetAsync(repository, tag, cancellation) ?? await registry.ReviveTagAsync(repository, tag, cancellation));
        foreach (var digest in digests)
            await registry.DeleteAsync(repository, digest, cancellation);
        foreach (var image in await LocalImagesAsync(repository, cancellation))
            await RemoveLocalAsync(image, repository, cancellation);

        if (await registry.TagsAsync(repository, cancellation) is { Count: > 0 } tags)
            throw new PassingFaultException($"The registry still has tags of {repository}: {string.Join(", ", tags.Order(StringComparer.Ordinal).Take(3))}.");
        if ((await LocalImagesAsync(repository, cancellation)).Count > 0)
            throw new PassingFaultException($"A container still uses an image of {repository}.");
    }

    /// <summary>Whoever waits for the answer is told what is wrong now; only a deployment's own steps are tried again by themselves.</summary>
    private static async Task<T> ToldAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (PassingFaultException fault)
        {
            throw new StepException(fault.Message, fault);
        }
    }

    private RegistryClient Registry() => new(http.CreateClient(RegistryClient.Name));

    private string Repository(string repository) => $"{settings.Registry}/{repository}";

    private string Local(BuildRequest request) => $"{Repository(request.ImageRepository)}:{request.DeploymentId}";

    private async Task TagAsync(string image, string repository, string tag, CancellationToken cancellation)
    {
        try
        {
            var parameters = new ImageTagParameters { RepositoryName = repository, Tag = tag };
            await engine.CallAsync((docker, token) => docker.Images.TagImageAsync(image, parameters, token), cancellation);
        }
        catch (DockerApiException fault) when (fault.StatusCode == HttpStatusCode.NotFound)
        {
            throw ImagePush.Gone(fault);
        }
    }

    private Task<IList<ImagesListResponse>> LocalImagesAsync(string repository, CancellationToken cancellation) =>
        engine.CallAsync(
            (docker, token) => docker.Images.ListImagesAsync(new ImagesListParameters { Filters = Filters(("reference", Repository(repository))) }, token),
            cancellation);

    private async Task RemoveLocalAsync(ImagesListResponse image, string repository, CancellationToken cancellation)
    {
        var ours = (image.RepoTags ?? []).Where(t => t.StartsWith(Repository(repository) + ":", StringComparison.Ordinal))
            .Concat((image.RepoDigests ?? []).Where(d => d.StartsWith(Repository(repository) + "@", StringComparison.Ordinal)));
        foreach (var name in ours.ToArray())
            await RemoveLocalAsync(name, cancellation);
    }

    // An image that a container still uses stays; housekeeping finds it later.
    private Task<bool> RemoveLocalAsync(string name, CancellationToken cancellation) => layers.RemoveNameAsync(name, AppOf(name), cancellation);

    /// <summary>The last part of a repository's name.</summary>
    private static string AppOf(string name)
    {
        var repository = name.Split('@')[0];
        repository = repository[(repository.LastIndexOf('/') + 1)..];
        return repository.Split(':')[0];
    }

    private static Dictionary<string, IDictionary<string, bool>> Filters(params ReadOnlySpan<(string Name, string Value)> filters)
    {
        var all = new Dictionary<string, IDictionary<string, bool>>(StringComparer.Ordinal);
        foreach (var (name, value) in filters)
            all[name] = new Dictionary<string, bool>(StringComparer.Ordinal) { [value] = true };
        return all;
    }

    private static string Described(SourcePlan plan)
    {
        var kind = plan.Template switch
        {
            "dockerfile" => "Building with the repository's own Dockerfile",
            "nextjs" => "Building a Next.js app",
            "node" => "Building a Node server",
            _ => "Building a static site",
        };
        return plan.Manager is { } manager && plan.Template != "dockerfile" ? $"{kind}; {manager.Name} installs its packages" : kind;
    }
}
