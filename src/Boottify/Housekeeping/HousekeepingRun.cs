using Boottify.Housekeeping.Kinds;
using Boottify.Platform;

namespace Boottify.Housekeeping;

/// <summary>One pass over one kind: list, judge, look again, act. What is done is said in the log, one line each.</summary>
internal sealed class HousekeepingRun(HistoryReader reader, HousekeepingSettings settings, PlatformSettings platform, TimeProvider time, ILogger<HousekeepingRun> log)
{
    /// <summary>Removals and repairs of one kind in one run.</summary>
    private const int MostActs = 100;

    private const int MostReports = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Never throws for what goes wrong outside: that is this kind's error alone.</summary>
    public async Task<KindReport> TendAsync(Keeper keeper, bool dryRun, List<Item> items, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        var mine = new List<Item>();
        var (found, left) = (0, 0);
        string? error = null;
        try
        {
            var asOf = time.GetUtcNow();
            var listed = await keeper.ListAsync(limit.Token);
            found = listed.Count;
            var findings = Judge(keeper, listed, await reader.ReadAsync(listed, asOf, limit.Token)).ToList();
            var acts = findings.Where(f => f.Finding.Action != FindingAction.Report).ToList();
            left = Math.Max(0, acts.Count - MostActs);
            mine.AddRange(findings.Where(f => f.Finding.Action == FindingAction.Report).Select(f => Said(f.Finding, Outcome.Reported, null)));
            foreach (var (finding, thing) in acts.Take(MostActs))
                await ActAsync(keeper, finding, thing, asOf, dryRun, mine, limit.Token);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            error = e.Message;
            log.LogWarning("Housekeeping: {Kind} is left as it is: {Reason}", keeper.Kind, e.Message);
        }

        items.AddRange(mine.Where(i => i.Outcome != Outcome.Reported));
        items.AddRange(mine.Where(i => i.Outcome == Outcome.Reported).Take(MostReports));
        return new KindReport(keeper.Kind, found, Count(Outcome.Removed), Count(Outcome.Restored), Count(Outcome.Reported), left, error);

        int Count(Outcome outcome) => mine.Count(item => item.Outcome == outcome);
    }

    private IEnumerable<(Finding Finding, Found? Thing)> Judge(Keeper keeper, IReadOnlyCollection<Found> listed, History history)
    {
        foreach (var thing in listed)
        {
            if (Judgement.Of(thing, history, settings.Grace) is { } finding)
                yield return (finding, thing);
        }

        if (!keeper.EachAppHasOne)
            yield break;
        var byName = listed.ToLookup(thing => thing.Name, StringComparer.Ordinal);
        foreach (var app in history.Apps.Values)
        {
            var thing = byName[Judgement.NameOf(keeper.Kind, app)].FirstOrDefault();
            if (Judgement.Lack(keeper.Kind, app, thing, history, settings.Grace, platform.EdgeAddresses) is { } finding)
                yield return (finding, thing);
        }
    }

    /// <summary>The list may be minutes old by now: the world, then the history is asked once more, and what they say then counts.</summary>
    private async Task ActAsync(Keeper keeper, Finding finding, Found? thing, DateTimeOffset asOf, bool dryRun, List<Item> items, CancellationToken cancellation)
    {
        if (finding.Action == FindingAction.Restore && thing is not null)
            thing = await keeper.LookAgainAsync(thing, cancellation);
        var history = await reader.ReadAsync(finding.AppId, thing is null ? [] : [thing], asOf, cancellation);
        var still = finding.Action == FindingAction.Remove
            ? Judgement.Of(thing!, history, settings.Grace)
            : history.Apps.TryGetValue(finding.AppId!, out var app) ? Judgement.Lack(keeper.Kind, app, thing, history, settings.Grace, platform.EdgeAddresses) : null;
        if (still?.Action != finding.Action)
            return;
        finding = still;
        if (dryRun)
        {
            items.Add(Said(finding, Outcome.Planned, null));
            return;
        }

        try
        {
            var held = finding.Action == FindingAction.Remove
                ? await keeper.RemoveAsync(thing!, cancellation)
                : await keeper.RestoreAsync(history.Apps[finding.AppId!], asOf, cancellation);
            var outcome = held is not null ? Outcome.Held : finding.Action == FindingAction.Remove ? Outcome.Removed : Outcome.Restored;
            log.Log(held is null ? LogLevel.Information : LogLevel.Warning, "Housekeeping: {Outcome} {Kind} {Name}: {Reason}. {Held}", outcome, finding.Kind, finding.Name, finding.Reason, held);
            items.Add(Said(finding, outcome, held));
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("Housekeeping: {Kind} {Name} stays for now: {Reason}", finding.Kind, finding.Name, e.Message);
            items.Add(Said(finding, Outcome.Held, e.Message));
        }
    }

    private static Item Said(Finding finding, Outcome outcome, string? detail) => new(finding.Kind, finding.Name, finding.AppId, outcome, finding.Reason, detail);
}
