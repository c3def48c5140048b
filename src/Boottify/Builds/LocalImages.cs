using Boottify.Apps;
using Docker.DotNet.Models;

namespace Boottify.Builds;

/// <summary>An image of an app on this machine.</summary>
/// <param name="Names">Its tags and digests under the app's repository, as the engine takes them.</param>
/// <param name="Digests">What the registry knows it by; empty when it was never pushed.</param>
/// <param name="Tags">Deployments and commits.</param>
public sealed record LocalImage(
    string Id, string AppId, IReadOnlyList<string> Names, IReadOnlyList<string> Digests, IReadOnlyList<string> Tags, DateTimeOffset CreatedAt);

/// <summary>The apps' images in this machine's engine: those named after this platform's registry.</summary>
internal sealed class LocalImages(Engine engine, LayerImages layers, BuildSettings settings)
{
    private string Prefix => $"{settings.Registry}/{AppNames.ImageFolder}/";

    public async Task<IReadOnlyList<LocalImage>> ListAsync(CancellationToken cancellation)
    {
        var ours = new ImagesListParameters
        {
            Filters = new Dictionary<string, IDictionary<string, bool>>(StringComparer.Ordinal)
            {
                ["reference"] = new Dictionary<string, bool>(StringComparer.Ordinal) { [$"{Prefix}*"] = true },
            },
        };
        var images = await engine.CallAsync((docker, token) => docker.Images.ListImagesAsync(ours, token), cancellation);
        return [.. images.SelectMany(Read)];
    }

    /// <summary>Takes its names away; the engine removes it with the last one, and leaves what it was built from as cache.</summary>
    /// <returns>False when a container still uses it.</returns>
    public async Task<bool> RemoveAsync(LocalImage image, CancellationToken cancellation)
    {
        var free = true;
        // The digests go with the last tag; a name that is gone already is fine.
        foreach (var name in image.Names)
            free &= await layers.RemoveNameAsync(name, image.AppId, cancellation);
        return free;
    }

    private IEnumerable<LocalImage> Read(ImagesListResponse image)
    {
        var names = (image.RepoTags ?? []).Concat(image.RepoDigests ?? []).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal));
        return names.GroupBy(AppOf, StringComparer.Ordinal).Where(app => AppIds.IsWellFormed(app.Key)).Select(app => new LocalImage(
            image.ID, app.Key, [.. app], [.. app.Where(IsDigest).Select(After('@'))], [.. app.Where(name => !IsDigest(name)).Select(After(':'))],
            new DateTimeOffset(image.Created.ToUniversalTime())));
    }

    private string AppOf(string name)
    {
        var rest = name[Prefix.Length..];
        var end = rest.IndexOfAny(['@', ':']);
        return end < 0 ? rest : rest[..end];
    }

    private static bool IsDigest(string name) => name.Contains('@', StringComparison.Ordinal);

    private static Func<string, string> After(char mark) => name => name[(name.LastIndexOf(mark) + 1)..];
}
