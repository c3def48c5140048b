using System.Collections.Concurrent;
using Boottify.Apps;
using Boottify.Deployments;
using Marten;

namespace Boottify.Logs;

/// <summary>The logs of the deployments that run on this node.</summary>
public sealed class DeploymentLogs(IDocumentStore store, SecretsOfApp secrets, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, DeploymentLog> open = new(StringComparer.Ordinal);

    /// <summary>Opens a deployment's log where it ends now; the caller disposes it.</summary>
    public async Task<DeploymentLog> OpenAsync(string deploymentId, CancellationToken lost)
    {
        await using var session = store.QuerySession();
        var deployment = await session.LoadAsync<Deployment>(deploymentId, lost) ?? throw new LostDeploymentException(deploymentId);
        var last = await session.Query<LogChunk>().Where(c => c.DeploymentId == deploymentId).OrderByDescending(c => c.Last).FirstOrDefaultAsync(lost);
        var redactor = await RedactorAsync(deployment.AppId, lost);
        return open[deploymentId] = new DeploymentLog(
            deploymentId, last?.Last ?? 0, last?.Version ?? 0, redactor, store, time, () => open.TryRemove(deploymentId, out _), lost);
    }

    /// <summary>Knows the app's secrets as of now.</summary>
    public async Task<Redactor> RedactorAsync(string appId, CancellationToken cancellation) => new(await secrets.AllAsync(appId, cancellation));

    /// <summary>The log of a deployment that this node runs.</summary>
    public ILogSink Of(string deploymentId) =>
        open.TryGetValue(deploymentId, out var log) ? log : throw new LostDeploymentException(deploymentId);
}
