using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Boottify.Builds;

/// <summary>An image that the engine has, tagged or not.</summary>
/// <param name="Named">It has a tag or a digest: somebody can ask for it.</param>
/// <param name="SizeBytes">All its layers, those of its parents included.</param>
public sealed record LayerImage(string Id, string? ParentId, bool Named, long SizeBytes, DateTimeOffset CreatedAt);

/// <summary>The engine's images as a tree: the intermediate ones are its build cache.</summary>
internal sealed class LayerImages(Engine engine, CacheUses uses)
{
    public async Task<IReadOnlyList<LayerImage>> ListAsync(CancellationToken cancellation)
    {
        var all = new ImagesListParameters { All = true };
        var images = await engine.CallAsync((docker, token) => docker.Images.ListImagesAsync(all, token), cancellation);
        return
        [
            .. images.Select(image => new LayerImage(
                image.ID, image.ParentID is { Length: > 0 } parent ? parent : null,
                IsName(image.RepoTags) || IsName(image.RepoDigests), image.Size, new DateTimeOffset(image.Created.ToUniversalTime()))),
        ];
    }

    /// <summary>Removes this one image and none of its parents, if nothing stands on it.</summary>
    /// <returns>False when a container or another image uses it.</returns>
    public async Task<bool> RemoveAsync(string imageId, CancellationToken cancellation)
    {
        try
        {
            await engine.CallAsync((docker, token) => docker.Images.DeleteImageAsync(imageId, new ImageDeleteParameters { NoPrune = true }, token), cancellation);
        }
        catch (DockerApiException fault) when (fault.StatusCode == HttpStatusCode.Conflict)
        {
            return false;
        }
        catch (DockerApiException fault) when (fault.StatusCode == HttpStatusCode.NotFound)
        {
            // It is gone already.
        }

        uses.Forget(imageId);
        return true;
    }

    /// <summary>
    /// Takes a name of an app's image away. With its last one the image goes; what it was built from stays as cache, and is noted
    /// as such before, since nothing else would lead to it any more.
    /// </summary>
    /// <returns>False when a container still uses it.</returns>
    public async Task<bool> RemoveNameAsync(string name, string appId, CancellationToken cancellation)
    {
        try
        {
            await NoteParentAsync(name, appId, cancellation);
            await engine.CallAsync((docker, token) => docker.Images.DeleteImageAsync(name, new ImageDeleteParameters { NoPrune = true }, token), cancellation);
            return true;
        }
        catch (DockerApiException fault) when (fault.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict)
        {
            return fault.StatusCode == HttpStatusCode.NotFound;
        }
    }

    private async Task NoteParentAsync(string name, string appId, CancellationToken cancellation)
    {
        var id = (await engine.CallAsync((docker, token) => docker.Images.InspectImageAsync(name, token), cancellation)).ID;
        var all = (await ListAsync(cancellation)).ToDictionary(image => image.Id, StringComparer.Ordinal);
        if (all.TryGetValue(id, out var image) && image.ParentId is { } parent && all.TryGetValue(parent, out var stands) && !stands.Named)
            uses.NoteUse(parent, appId, image.CreatedAt);
    }

    /// <summary>Whether the image is there and nobody has given it a name.</summary>
    public async Task<bool> IsIntermediateAsync(string imageId, CancellationToken cancellation)
    {
        try
        {
            var image = await engine.CallAsync((docker, token) => docker.Images.InspectImageAsync(imageId, token), cancellation);
            return !IsName(image.RepoTags) && !IsName(image.RepoDigests);
        }
        catch (DockerImageNotFoundException)
        {
            return false;
        }
    }

    private static bool IsName(IList<string>? names) => names?.Any(name => !name.StartsWith("<none>", StringComparison.Ordinal)) == true;
}
