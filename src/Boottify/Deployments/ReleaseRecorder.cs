using Boottify.Apps;
using Boottify.Deployments.Queue;
using Boottify.Domains;
using Boottify.Logs;
using Boottify.Platform;
using JasperFx.Events;
using Marten;

namespace Boottify.Deployments;

/// <summary>Makes the release that a deployment became, puts domains back if that was asked for, and ends it: all in one transaction.</summary>
public sealed class ReleaseRecorder(IDocumentStore store, DomainReturn domains, AddingTurns turns)
{
    /// <param name="told">Lines that the log has already, of a try before.</param>
    public async Task RecordAsync(Deployment deployment, StepSucceeded succeeded, DeploymentLog log, HashSet<string> told, CancellationToken cancellation)
    {
        // Before the first connection is taken, as by those who add names.
        using var turn = deployment.ReturnsDomains ? await turns.TakeAsync(cancellation) : null;
        await using var session = store.LightweightSession();
        var (stream, returned) = deployment.ReturnsDomains
            ? await domains.WriteAsync(session, deployment, cancellation)
            : (await session.Events.FetchForWriting<App>(deployment.AppId, cancellation), null);
        var has = (await DomainReturn.OfAsync(session, deployment.AppId, cancellation)).Select(d => d.Host);
        var release = ReleaseOf(deployment, stream, returned, has, succeeded.At);
        stream.AppendOne(new ReleaseRecorded(release));
        object[] events = [succeeded, .. returned is null ? [] : new[] { returned }, new DeploymentSucceeded(release.Number, succeeded.At)];
        session.Events.Append(deployment.Id, deployment.Version + events.Length, events);
        WorkQueue.Remove(session, deployment.Id);
        Wakeups.Announce(session, deployment.Id);
        if (returned is not null)
            await TellAsync([.. DomainReturn.Words(returned, deployment.AppId)], log, told, cancellation);
        await session.SaveChangesAsync(cancellation);
    }

    private static Release ReleaseOf(Deployment deployment, IEventStream<App> stream, DomainsReturned? returned, IEnumerable<string> has, DateTimeOffset at)
    {
        var app = stream.Aggregate ?? throw new LostDeploymentException(deployment.Id);
        var source = app.Releases.Find(r => r.Number == deployment.ToRelease);
        return new Release(
            (app.CurrentRelease?.Number ?? 0) + 1,
            deployment.Id,
            deployment.Commit,
            source?.ImageReference ?? deployment.Figures.ImageReference ?? throw new InvalidOperationException("A deployment was finalized without an image."),
            source?.ImageDigest ?? deployment.Figures.ImageDigest ?? "",
            source?.RunAsRoot ?? deployment.Figures.RunsAsRoot ?? false,
            source?.AppVersion ?? deployment.Figures.AppVersion ?? app.Version,
            at)
        {
            RolledBackTo = deployment.ToRelease,
            Reason = deployment.Reason,
            Hosts = deployment.Figures.Hosts?.RemoveAll(host => returned?.Removed.Contains(host, StringComparer.Ordinal) == true),
            Domains = [.. has.Except(returned?.Removed ?? [], StringComparer.Ordinal).Union(returned?.Added ?? [], StringComparer.Ordinal).Order(StringComparer.Ordinal)],
        };
    }

    /// <summary>Before the end is written: whoever follows the log stops there.</summary>
    private static async Task TellAsync(IReadOnlyList<string> lines, DeploymentLog log, HashSet<string> told, CancellationToken cancellation)
    {
        if (told.SetEquals(lines))
            return;
        if (told.Count > 0)
            await log.WriteAsync(LogOrigin.System, "The app's domains changed at this moment, so it is not as it was said, but:", cancellation);
        told.Clear();
        foreach (var line in lines)
        {
            await log.WriteAsync(LogOrigin.System, line, cancellation);
            told.Add(line);
        }

        await log.FlushAsync(cancellation);
    }
}
