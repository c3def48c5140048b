namespace Boottify.Builds;

/// <summary>Where the engine keeps images and containers, if that is a folder of this machine as this process sees it.</summary>
internal sealed class EngineDisk(Engine engine)
{
    /// <returns>Null when the folder is not to be seen from here, as in a container that has the socket alone.</returns>
    public async Task<string?> FolderAsync(CancellationToken cancellation)
    {
        var info = await engine.CallAsync((docker, token) => docker.System.GetSystemInfoAsync(token), cancellation);
        return Directory.Exists(info.DockerRootDir) ? info.DockerRootDir : null;
    }
}
