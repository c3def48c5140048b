using Boottify.Builds;

namespace Boottify.Housekeeping;

/// <param name="Bytes">Before anything was removed.</param>
public sealed record CacheReport(int Layers, long Bytes, long BudgetBytes, int Removed, long RemovedBytes);

/// <summary>Keeps the build cache of this node's engine within its budget.</summary>
internal sealed class BuildCache(LayerImages images, CacheUses uses, HistoryReader reader, HousekeepingSettings settings, ILogger<BuildCache> log)
{
    private const int MostARun = 500;

    /// <param name="missingBytes">What the engine's disk lacks of its free space: as much more is given up.</param>
    public async Task<CacheReport> TrimAsync(DateTimeOffset asOf, long missingBytes, bool dryRun, CancellationToken cancellation)
    {
        var all = await images.ListAsync(cancellation);
        var known = uses.All();
        var layers = CacheBudget.LayersOf(all, known);
        if (!dryRun)
            Remember(all, known, layers);

        var bytes = layers.Sum(layer => layer.OwnBytes);
        var budget = Math.Max(0, Math.Min(settings.CacheBytes, bytes - missingBytes));
        var apps = await reader.ReadAsync([.. layers.SelectMany(l => l.Apps).Distinct(StringComparer.Ordinal).Select(app => new Found(Kind.CacheLayer, app, app))], asOf, cancellation);
        var chosen = CacheBudget.Choose(layers, budget, asOf - settings.Grace, IsDeleted, uses.IsInUse);
        var (removed, freed) = (0, 0L);
        foreach (var layer in chosen.Take(MostARun))
        {
            if (!dryRun && !await images.RemoveAsync(layer.Id, cancellation))
                continue;
            (removed, freed) = (removed + 1, freed + layer.OwnBytes);
        }

        if (removed > 0 && !dryRun)
            log.LogInformation("Build cache: removed {Removed} of {Layers} layers, {Freed} of {Bytes} bytes; the budget is {Budget}", removed, layers.Count, freed, bytes, budget);
        return new CacheReport(layers.Count, bytes, budget, removed, freed);

        bool IsDeleted(string app) => apps.Apps.TryGetValue(app, out var found) && found.DeletedAt <= asOf - settings.Grace;
    }

    // What a stage stands on is ours too, and has to stay known when the stage's own image is gone.
    private void Remember(IReadOnlyList<LayerImage> all, IReadOnlyDictionary<string, CacheUse> known, IReadOnlyList<CacheLayer> layers)
    {
        foreach (var layer in layers.Where(layer => !known.ContainsKey(layer.Id)))
            uses.Put(layer.Id, new CacheUse(layer.LastUsed, layer.Apps));
        var there = all.Select(image => image.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var id in known.Keys.Where(id => !there.Contains(id)))
            uses.Forget(id);
    }
}
