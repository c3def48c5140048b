using System.Runtime.CompilerServices;
using Boottify.Platform;
using JasperFx;

namespace Boottify.Domains;

/// <summary>One per node: looks at the domains whose time has come, a few at once, for as long as the node lives.</summary>
public sealed class DomainWatch(DomainTable table, IServiceScopeFactory scopes, Wakeups wakeups, TimeProvider time, ILogger<DomainWatch> log) : BackgroundService
{
    private const int AtOnce = 8;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly LookSlots slots = new(AtOnce);
    private readonly Wakeups.Subscription wakeup = wakeups.Subscribe(Wakeups.Domains);

    public override void Dispose()
    {
        wakeup.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
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

    private async IAsyncEnumerable<DueDomain> DueAsync([EnumeratorCancellation] CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            DueDomain? due = null;
            try
            {
                due = await table.ClaimAsync(DomainLook.Lease, slots.FullTeams, stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                log.LogWarning("Which domains are due cannot be read, trying again: {Reason}", e.Message);
                await Task.Delay(LookEvery * (1 + Random.Shared.NextDouble()), time, stopping);
            }

            if (due is not null && slots.TryTake(due.TeamId))
                yield return due;
            else
                await wakeup.WaitAsync(LookEvery * (0.5 + Random.Shared.NextDouble()), stopping);
        }
    }

    /// <summary>Whatever goes wrong is this domain's alone.</summary>
    private async ValueTask LookAsync(DueDomain due, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<DomainLook>().RunAsync(due, patience.Token);
        }
        catch (ConcurrencyException)
        {
            // Somebody asked for a look, or removed it, at this moment.
            await PutOffAsync(due with { Looks = 0 }, cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("Domain {Domain} could not be looked at, trying again: {Reason}", due.Id, e.Message);
            await PutOffAsync(due, cancellation);
        }
        finally
        {
            slots.Release(due.TeamId);
            wakeup.Signal();
        }
    }

    private async Task PutOffAsync(DueDomain due, CancellationToken cancellation)
    {
        try
        {
            await table.LookedAsync(due.Id, due.Looks + 1, DomainSchedule.Issuing(due.Looks + 1, Random.Shared.NextDouble()), cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("When domain {Domain} is looked at again cannot be written: {Reason}", due.Id, e.Message);
        }
    }
}
