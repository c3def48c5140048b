using Boottify.Builds;

namespace Boottify.Housekeeping;

/// <summary>An intermediate image of this platform's builds that only speeds up the next build.</summary>
/// <param name="OwnBytes">What it adds to its parent: what is freed when it goes.</param>
/// <param name="LastUsed">By a build that ended a stage with it or with an image made from it.</param>
public sealed record CacheLayer(string Id, string? ParentId, long OwnBytes, DateTimeOffset LastUsed, IReadOnlySet<string> Apps);

/// <summary>Which intermediate images are the build cache, and which of them go first; pure.</summary>
public static class CacheBudget
{
    /// <summary>
    /// Ours are the images that our builds ended a stage with, and those under them up to the first that has a name or no
    /// parent: that is what the stage began with, and somebody else's. Cache are those of them on which nothing stands that
    /// is named or not ours: the layers of an image that is kept take no room of their own.
    /// </summary>
    public static IReadOnlyList<CacheLayer> LayersOf(IReadOnlyCollection<LayerImage> images, IReadOnlyDictionary<string, CacheUse> uses)
    {
        var byId = images.ToDictionary(image => image.Id, StringComparer.Ordinal);
        var ours = new Dictionary<string, CacheUse>(StringComparer.Ordinal);
        foreach (var (id, use) in uses)
        {
            for (var image = byId.GetValueOrDefault(id); image is not null; image = Parent(image))
            {
                var isStage = uses.ContainsKey(image.Id);
                if (image.Id != id && !isStage && (image.Named || image.ParentId is null))
                    break;
                ours[image.Id] = ours.TryGetValue(image.Id, out var known) ? Join(known, use) : use;
            }
        }

        var held = new HashSet<string>(StringComparer.Ordinal);
        foreach (var image in images.Where(image => image.Named || !ours.ContainsKey(image.Id)))
        {
            for (var under = image; under is not null && held.Add(under.Id); under = Parent(under))
            {
            }
        }

        return
        [
            .. from image in images
               where ours.ContainsKey(image.Id) && !held.Contains(image.Id)
               let use = ours[image.Id]
               select new CacheLayer(
                   image.Id, image.ParentId, Math.Max(0, image.SizeBytes - (Parent(image)?.SizeBytes ?? 0)), use.Last > image.CreatedAt ? use.Last : image.CreatedAt, use.Apps),
        ];

        LayerImage? Parent(LayerImage image) => image.ParentId is null ? null : byId.GetValueOrDefault(image.ParentId);
    }

    /// <summary>
    /// What to remove, in order: all that only deleted apps have used, then the least used until the rest fits. A layer goes
    /// after those that stand on it. One used after <paramref name="usedBefore"/>, or in use, stays, whatever the budget.
    /// </summary>
    public static IReadOnlyList<CacheLayer> Choose(
        IReadOnlyCollection<CacheLayer> layers, long budgetBytes, DateTimeOffset usedBefore, Func<string, bool> isDeletedApp, Func<string, bool> inUse)
    {
        var children = layers.Where(layer => layer.ParentId is not null).CountBy(layer => layer.ParentId!).ToDictionary(StringComparer.Ordinal);
        var byId = layers.ToDictionary(layer => layer.Id, StringComparer.Ordinal);
        var bytes = layers.Sum(layer => layer.OwnBytes);
        var next = new PriorityQueue<CacheLayer, (bool Wanted, DateTimeOffset LastUsed, string Id)>();
        foreach (var layer in layers.Where(layer => !children.ContainsKey(layer.Id)))
            Offer(layer);

        var chosen = new List<CacheLayer>();
        while (next.TryDequeue(out var layer, out var rank) && (bytes > budgetBytes || !rank.Wanted))
        {
            if (layer.LastUsed >= usedBefore || inUse(layer.Id))
                continue;
            chosen.Add(layer);
            bytes -= layer.OwnBytes;
            if (layer.ParentId is not null && byId.TryGetValue(layer.ParentId, out var parent) && --children[parent.Id] == 0)
                Offer(parent);
        }

        return chosen;

        void Offer(CacheLayer layer) => next.Enqueue(layer, (!(layer.Apps.Count > 0 && layer.Apps.All(isDeletedApp)), layer.LastUsed, layer.Id));
    }

    private static CacheUse Join(CacheUse one, CacheUse other) =>
        new(one.Last > other.Last ? one.Last : other.Last, one.Apps.Union(other.Apps).ToHashSet(StringComparer.Ordinal));
}
