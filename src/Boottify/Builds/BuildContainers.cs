using Docker.DotNet;
using Docker.DotNet.Models;

namespace Boottify.Builds;

/// <summary>
/// The containers in which the engine runs a build's commands. The engine gives them no label, so each build marks its own by
/// a name in their hosts file, which changes neither the image nor its cache.
/// </summary>
internal sealed class BuildContainers(DockerClient docker, BuildSettings settings, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static string Marker(string deploymentId) => $"{deploymentId}.build.boottify.invalid:127.0.0.1";

    /// <summary>
    /// Limits the processes of a container that a build has just started. The id comes out of the build's own output, which
    /// its tenant can forge: only a container with the build's marker is touched.
    /// </summary>
    public async Task LimitAsync(string containerId, string deploymentId, CancellationToken cancellation)
    {
        try
        {
            var container = await docker.Containers.InspectContainerAsync(containerId, cancellation);
            if (IsOf(container, deploymentId))
                await docker.Containers.UpdateContainerAsync(container.ID, new ContainerUpdateParameters { PidsLimit = settings.BuildPids }, cancellation);
        }
        catch (DockerApiException)
        {
            // A short command is over before it can be limited.
        }
    }

    /// <summary>Waits until the engine has removed a build's containers, as it does when a build ends; removes what it leaves.</summary>
    /// <returns>Once none is left.</returns>
    public async Task EnsureGoneAsync(string deploymentId, CancellationToken cancellation)
    {
        var until = time.GetUtcNow() + Patience;
        while (await FindAsync(deploymentId, cancellation) is { Count: > 0 } left)
        {
            if (time.GetUtcNow() > until)
            {
                foreach (var id in left)
                    await RemoveAsync(id, cancellation);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellation);
        }
    }

    public async Task<IReadOnlyList<string>> FindAsync(string deploymentId, CancellationToken cancellation)
    {
        var found = new List<string>();
        foreach (var listed in await docker.Containers.ListContainersAsync(new ContainersListParameters { All = true }, cancellation))
        {
            if (listed.Labels?.ContainsKey("io.kubernetes.pod.uid") == true)
                continue;
            try
            {
                if (IsOf(await docker.Containers.InspectContainerAsync(listed.ID, cancellation), deploymentId))
                    found.Add(listed.ID);
            }
            catch (DockerContainerNotFoundException)
            {
                // Gone since it was listed.
            }
        }

        return found;
    }

    private async Task RemoveAsync(string id, CancellationToken cancellation)
    {
        try
        {
            await docker.Containers.RemoveContainerAsync(id, new ContainerRemoveParameters { Force = true, RemoveVolumes = true }, cancellation);
        }
        catch (DockerApiException fault) when (fault.StatusCode is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Conflict)
        {
            // The engine is removing it itself.
        }
    }

    private static bool IsOf(ContainerInspectResponse container, string deploymentId) =>
        container.HostConfig?.ExtraHosts?.Contains(Marker(deploymentId), StringComparer.Ordinal) == true;
}
