using Boottify.Edge.Files;

namespace Boottify.Edge.Routes;

/// <summary>
/// Apps whose requests use a connection of their own each, because their pods were just replaced: one that was opened before
/// would stay with the pod that goes. Kept as a file a host, which nginx looks for at each request (target.conf): it takes
/// effect at once, without a reload, and outlives the edge's own restart.
/// </summary>
public sealed class FreshConnections(EdgeFolders folders, DesiredState desired, TimeProvider clock, ILogger<FreshConnections> log) : BackgroundService
{
    private static readonly TimeSpan s_sweep = TimeSpan.FromSeconds(1);

    /// <summary>From its return on, requests of the app's hosts use new connections, until <paramref name="time"/> is over.</summary>
    /// <returns>False when the edge has no route for the app.</returns>
    public bool Begin(string appId, TimeSpan time)
    {
        if (desired.Find(appId)?.Route is not { } route) return false;
        foreach (var host in route.Hosts)
        {
            // Its time comes with it: the sweep would take one of now for one that has run out.
            var file = Path.Combine(folders.Nginx, "tmp", $"fresh-{Guid.NewGuid():N}");
            File.Create(file).Dispose();
            File.SetLastWriteTimeUtc(file, (clock.GetUtcNow() + time).UtcDateTime);
            File.Move(file, FileOf(host), overwrite: true);
        }

        return true;
    }

    public void End(string appId)
    {
        foreach (var host in desired.Find(appId)?.Route?.Hosts ?? []) File.Delete(FileOf(host));
    }

    /// <summary>What has run out ends here.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_sweep, clock);
        do
        {
            try
            {
                foreach (var file in Directory.EnumerateFiles(folders.Fresh))
                    if (File.GetLastWriteTimeUtc(file) < clock.GetUtcNow().UtcDateTime) File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                log.LogWarning("Hosts with new connections cannot be looked through: {Reason}", e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private string FileOf(CheckedHost host) => Path.Combine(folders.Fresh, host.Name.ToString());
}
