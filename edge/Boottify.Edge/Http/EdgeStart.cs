using Boottify.Edge.Certificates;
using Boottify.Edge.Files;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Http;

/// <summary>Before anything is served: the desired state from disk, and the certificates that it needs.</summary>
public sealed class EdgeStart(DesiredState desired, CertificateKeeper certificates, EdgeFolders folders, ILogger<EdgeStart> log) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await desired.LoadAsync(cancellationToken);
        var routes = desired.Snapshot();
        certificates.Follow(routes);
        certificates.RemoveLeftovers();
        log.LogInformation("The edge holds {Apps} apps with {Hosts} hosts", routes.Count, routes.Sum(route => route.Hosts.Count));
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The socket is there by now: nginx's workers, which share its group, may connect.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        File.SetUnixFileMode(folders.ChallengeSocket, AtomicFile.GroupReadable | UnixFileMode.GroupWrite);
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
