using Docker.DotNet;
using Docker.DotNet.Models;

namespace Boottify.Builds;

/// <summary>
/// The containers in which the engine runs a build's commands. The engine gives them no label, so each build marks its own by
/// a name in their hosts file, which changes neither the image nor its cache.
/// </summary>
internal sealed class BuildContainers(Engine engine, BuildSettings settings, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(30);

    private const string Suffix = ".build.boottify.invalid:127.0.0.1";

    /// <param name="run">
    /// One build; a node that is late must not take the containers of the build that replaced its own for what is left of it.
    /// </param>
    public static string Marker(string deploymentId, string run) => $"{run}.{deploymentId}{Suffix}";

    private static string DeploymentOf(string marker)
    {
        var name = marker[..^Suffix.Length];
        return name[(name.LastIndexOf('.') + 1)..];
    }

    /// <summary>
    /// Limits the processes of a container that a build has just started. The id comes out of the build's own output, which
    /// its tenant can forge: only a container with the build's marker is touched.
    /// </summary>
    /// <returns>The image that it runs in; null when it is not the build's, or over already.</returns>
    public async Task<string?> LimitAsync(string containerId, string deploymentId, CancellationToken cancellation)
    {
        string? image = null;
        try
        {
            var container = await engine.CallAsync((docker, token) => docker.Containers.InspectContainerAsync(containerId, token), cancellation);
            if (!IsOf(container, deploymentId))
                return null;
            image = container.Image;
            var limit = new ContainerUpdateParameters { PidsLimit = settings.BuildPids };
            await engine.CallAsync((docker, token) => docker.Containers.UpdateContainerAsync(container.ID, limit, token), cancellation);
        }
        catch (DockerApiException)
        {
            // A short command is over before it can be limited.
        }

        return image;
    }

    /// <summary>Waits until the engine has removed a build's containers, as it does when a build ends; removes what it leaves.</summary>
    /// <param name="run">Of that build alone; null for all of the deployment.</param>
    /// <returns>Once none is left.</returns>
    /// <exception cref="PassingFaultException">The engine does not get rid of them.</exception>
    public async Task EnsureGoneAsync(string deploymentId, CancellationToken cancellation, string? run = null)
    {
        var since = time.GetTimestamp();
        while (await FindAsync(deploymentId, cancellation, run) is { Count: > 0 } left)
        {
            var waited = time.GetElapsedTime(since);
            if (waited > LongPatience)
                throw new PassingFaultException($"The Docker Engine does not remove the build containers {string.Join(", ", left.Select(id => id[..12]))}.");
            if (waited > Patience)
            {
                foreach (var id in left)
                    await RemoveAsync(id, cancellation);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellation);
        }
    }

    public async Task<IReadOnlyList<string>> FindAsync(string deploymentId, CancellationToken cancellation, string? run = null)
    {
        var found = new List<string>();
        var all = new ContainersListParameters { All = true };
        foreach (var listed in await engine.CallAsync((docker, token) => docker.Containers.ListContainersAsync(all, token), cancellation))
        {
            if (listed.Labels?.ContainsKey("io.kubernetes.pod.uid") == true)
                continue;
            try
            {
                if (IsOf(await engine.CallAsync((docker, token) => docker.Containers.InspectContainerAsync(listed.ID, token), cancellation), deploymentId, run))
                    found.Add(listed.ID);
            }
            catch (DockerContainerNotFoundException)
            {
                // Gone since it was listed.
            }
        }

        return found;
    }

    /// <summary>All build containers there are, whosever they are.</summary>
    public async Task<IReadOnlyList<BuildContainer>> ListAsync(CancellationToken cancellation)
    {
        var found = new List<BuildContainer>();
        var all = new ContainersListParameters { All = true };
        foreach (var listed in await engine.CallAsync((docker, token) => docker.Containers.ListContainersAsync(all, token), cancellation))
        {
            if (listed.Labels?.ContainsKey("io.kubernetes.pod.uid") == true)
                continue;
            try
            {
                var container = await engine.CallAsync((docker, token) => docker.Containers.InspectContainerAsync(listed.ID, token), cancellation);
                if (container.HostConfig?.ExtraHosts?.FirstOrDefault(host => host.EndsWith(Suffix, StringComparison.Ordinal)) is { } marker)
                    found.Add(new BuildContainer(container.ID, DeploymentOf(marker), new DateTimeOffset(container.Created.ToUniversalTime())));
            }
            catch (DockerContainerNotFoundException)
            {
                // Gone since it was listed.
            }
        }

        return found;
    }

    /// <summary>Ends and removes one; it may be gone already.</summary>
    public async Task RemoveAsync(string id, CancellationToken cancellation)
    {
        try
        {
            var parameters = new ContainerRemoveParameters { Force = true, RemoveVolumes = true };
            await engine.CallAsync((docker, token) => docker.Containers.RemoveContainerAsync(id, parameters, token), cancellation);
        }
        catch (DockerApiException fault) when (fault.StatusCode is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Conflict)
        {
            // The engine is removing it itself.
        }
    }

    private static bool IsOf(ContainerInspectResponse container, string deploymentId, string? run = null) =>
        container.HostConfig?.ExtraHosts?.Any(host => run is null ? host.EndsWith($".{deploymentId}{Suffix}", StringComparison.Ordinal) : host == Marker(deploymentId, run)) == true;
}

/// <param name="DeploymentId">Whose build it runs, as its marker says.</param>
public sealed record BuildContainer(string Id, string DeploymentId, DateTimeOffset CreatedAt);
