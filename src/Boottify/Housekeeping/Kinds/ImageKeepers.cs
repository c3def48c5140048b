using Boottify.Apps;
using Boottify.Builds;

namespace Boottify.Housekeeping.Kinds;

/// <summary>The apps' images in this node's engine.</summary>
internal sealed class ImageKeeper(LocalImages images) : Keeper
{
    private readonly Dictionary<string, LocalImage> listed = new(StringComparer.Ordinal);

    public override Kind Kind => Kind.Image;

    public override async Task<IReadOnlyList<Found>> ListAsync(CancellationToken cancellation)
    {
        foreach (var image in await images.ListAsync(cancellation))
            listed[$"{AppNames.ImageFolder}/{image.AppId} {image.Id}"] = image;
        return [.. listed.Select(i => new Found(Kind.Image, i.Key, i.Value.AppId) { Since = i.Value.CreatedAt, Digests = i.Value.Digests, Tags = i.Value.Tags })];
    }

    public override async Task<string?> RemoveAsync(Found found, CancellationToken cancellation) =>
        await images.RemoveAsync(listed[found.Name], cancellation) ? null : "A container still uses it.";
}

/// <summary>
/// Manifests in the registry. A run looks at so many repositories, and the next one goes on where it stopped. What the
/// manifests' layers take on the registry's disk is freed by <c>ops/registry-gc</c> only.
/// </summary>
internal sealed class ManifestKeeper(IHttpClientFactory http, RegistryPlace place) : Keeper
{
    private const int RepositoriesARun = 200;

    public override Kind Kind => Kind.Manifest;

    public override async Task<IReadOnlyList<Found>> ListAsync(CancellationToken cancellation)
    {
        var registry = new RegistryClient(http.CreateClient(RegistryClient.Name));
        var repositories = await registry.RepositoriesAsync(place.Last, RepositoriesARun, cancellation);
        var found = new List<Found>();
        foreach (var repository in repositories)
        {
            if (repository.Split('/') is not [AppNames.ImageFolder, var app] || !AppIds.IsWellFormed(app))
                continue;
            var tags = new Dictionary<string, List<string>>(StringComparer.Ordinal);
            foreach (var tag in await registry.TagsAsync(repository, cancellation))
            {
                if (await registry.TargetAsync(repository, tag, cancellation) is not { } digest)
                    continue;
                if (!tags.TryGetValue(digest, out var same))
                    tags[digest] = same = [];
                same.Add(tag);
            }

            found.AddRange(tags.Select(m => new Found(Kind.Manifest, $"{repository}@{m.Key}", app) { Digests = [m.Key], Tags = m.Value }));
        }

        place.Last = repositories.Count < RepositoriesARun ? "" : repositories[^1];
        return found;
    }

    public override async Task<string?> RemoveAsync(Found found, CancellationToken cancellation)
    {
        var at = found.Name.IndexOf('@', StringComparison.Ordinal);
        await new RegistryClient(http.CreateClient(RegistryClient.Name)).DeleteAsync(found.Name[..at], found.Name[(at + 1)..], cancellation);
        return null;
    }
}

/// <summary>Where the last look through the registry stopped; empty at its beginning.</summary>
internal sealed class RegistryPlace
{
    public string Last { get; set; } = "";
}
