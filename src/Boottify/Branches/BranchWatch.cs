using System.Runtime.CompilerServices;
using Boottify.Apps;
using Boottify.Deployments;
using Marten;

namespace Boottify.Branches;

/// <summary>
/// One per node: looks at the branches whose time has come, a few at once, for as long as the node lives. Where there are more
/// than that takes, looks come later than planned; they never pile up.
/// </summary>
public sealed class BranchWatch(
    BranchHeads heads, BranchReader reader, Arrivals arrivals, Reconciliation reconciliation, IDocumentStore store, LookSchedule schedule,
    TimeProvider time, ILogger<BranchWatch> log) : BackgroundService
{
    /// <summary>Who asked for a deployment that nobody asked for.</summary>
    public const string By = "branch head";

    private const int AtOnce = 8;

    /// <summary>Longer than any look takes; a look that a dead node had claimed comes up again after it.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (schedule.Off)
            return;
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken };
            await Parallel.ForEachAsync(DueAsync(stoppingToken), options, LookAsync);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // What was being looked at comes up again on another node.
        }
    }

    private async IAsyncEnumerable<DueLook> DueAsync([EnumeratorCancellation] CancellationToken stopping)
    {
        var pause = schedule.Every / 10 < LongestPause ? schedule.Every / 10 : LongestPause;
        long? enrolled = null;
        while (!stopping.IsCancellationRequested)
        {
            DueLook? due = null;
            try
            {
                if (enrolled is null || time.GetElapsedTime(enrolled.Value) >= schedule.Every)
                {
                    await EnrolAsync(stopping);
                    enrolled = time.GetTimestamp();
                }

                due = await heads.ClaimAsync(Lease, stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                log.LogWarning("Which branches are to be looked at cannot be read, trying again: {Reason}", e.Message);
            }

            if (due is not null)
                yield return due;
            else
                await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), time, stopping);
        }
    }

    private async Task EnrolAsync(CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var apps = await session.Query<App>().Where(a => a.DeletionRequestedAt == null && a.DeletedAt == null).Select(a => a.Id).ToListAsync(cancellation);
        await heads.EnrolAsync(apps, schedule.Every, cancellation);
    }

    /// <summary>Whatever goes wrong is this app's alone.</summary>
    private async ValueTask LookAsync(DueLook due, CancellationToken cancellation)
    {
        try
        {
            if (await LookOrExplainAsync(due, cancellation) is { } error)
                await heads.FailedAsync(due.AppId, error, LookSchedule.AfterFailure(due.Failures + 1, Random.Shared.NextDouble()), cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("What became of a look at the branch of app {App} cannot be written: {Reason}", due.AppId, e.Message);
        }
    }

    /// <returns>Why it failed, for its users; null if it did not.</returns>
    private async Task<string?> LookOrExplainAsync(DueLook due, CancellationToken cancellation)
    {
        try
        {
            await using var session = store.QuerySession();
            if (await session.LoadAsync<App>(due.AppId, cancellation) is not { DeletionRequestedAt: null, DeletedAt: null } app)
                await heads.ForgetAsync(due.AppId, cancellation);
            else if (await arrivals.AnyAsync(app, cancellation))
                await LookAsync(app, due, cancellation);
            else
                // Connecting a branch deploys nothing: only once something came from it can something have been lost.
                await heads.PutOffAsync(app.Id, schedule.Next(Random.Shared.NextDouble()), cancellation);
            return null;
        }
        catch (StepException e)
        {
            return e.Message;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("The branch of app {App} could not be looked at: {Reason}", due.AppId, e.Message);
            return "Boottify could not look at the branch because of a fault of its own, and tries again.";
        }
    }

    private async Task LookAsync(App app, DueLook due, CancellationToken cancellation)
    {
        var head = await reader.HeadAsync(app, app.Repository.Branch, cancellation);
        var standing = await arrivals.StandingAsync(app.Id, head, cancellation);
        var next = schedule.Next(Random.Shared.NextDouble());
        if (standing is HeadStanding.Lost && !string.Equals(head, due.Commit, StringComparison.Ordinal))
            next = schedule.Soon(Random.Shared.NextDouble());
        else if (standing is HeadStanding.Lost)
            Tell(app, head, await reconciliation.TakeInAsync(app, head, By, cancellation));
        else if (standing is HeadStanding.Displaced displaced)
            Tell(app, head, await reconciliation.AgainAsync(app, displaced.Deployment, cancellation));
        await heads.SeenAsync(app.Id, head, next, cancellation);
    }

    private void Tell(App app, string head, Accepted accepted)
    {
        if (!accepted.Duplicate)
            log.LogInformation("App {App}: {Branch} is at {Commit}, which had not arrived; deployment {Deployment} makes up for it", app.Id, app.Repository.Branch, head, accepted.Deployment.Id);
    }
}
