namespace Boottify.Builds;

/// <summary>
/// Takes back what a deployment built and pushed, and looks that it is gone. Another image of the app is not touched: a build
/// that came out as an earlier one did shares its digest, and then only this deployment's own name of it goes.
/// </summary>
/// <remarks>A crash half-way is made good by the next run: the name that leads to the rest is removed last.</remarks>
internal sealed class ImageDiscard(BuildSettings settings, LayerImages layers, IHttpClientFactory http, TimeProvider time)
{
    private const int Passes = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    /// <param name="kept">Digests that stay.</param>
    /// <exception cref="PassingFaultException">The registry or the engine still has it.</exception>
    public async Task RunAsync(BuildRequest request, IReadOnlyCollection<string> kept, CancellationToken cancellation)
    {
        await RemovePushedAsync(request, kept, cancellation);
        await RemoveLocalAsync(request, cancellation);
    }

    /// <summary>By the tags that only this deployment gave, since a push that was cut off told no digest.</summary>
    private async Task RemovePushedAsync(BuildRequest request, IReadOnlyCollection<string> kept, CancellationToken cancellation)
    {
        var registry = new RegistryClient(http.CreateClient(RegistryClient.Name));
        var left = new HashSet<string>(StringComparer.Ordinal);
        // Looked at again after a removal: an engine whose push was cut off may still have been writing its last tag.
        for (var pass = 0; pass < Passes; pass++)
        {
            left.Clear();
            foreach (var tag in new[] { request.DeploymentId, request.Commit.ToLowerInvariant() })
            {
                if (await registry.TargetAsync(request.ImageRepository, tag, cancellation) is { } digest && !kept.Contains(digest, StringComparer.Ordinal))
                    left.Add(digest);
            }

            if (left.Count == 0)
                return;
            foreach (var digest in left)
                await registry.DeleteAsync(request.ImageRepository, digest, cancellation);
        }

        throw new PassingFaultException($"The registry {settings.Registry} still has {string.Join(", ", left)} of {request.ImageRepository} after their removal.");
    }

    private async Task RemoveLocalAsync(BuildRequest request, CancellationToken cancellation)
    {
        var own = $"{settings.Registry}/{request.ImageRepository}:{request.DeploymentId}";
        // The pods that ran it may take their grace period to end, and hold it until then.
        var since = time.GetTimestamp();
        while (!await layers.RemoveNameAsync(own, request.AppId, cancellation))
        {
            if (time.GetElapsedTime(since) > Patience)
                throw new PassingFaultException($"The image {own} is still used by a container.");
            await Task.Delay(TimeSpan.FromMilliseconds(300 + Random.Shared.Next(200)), time, cancellation);
        }
    }
}
