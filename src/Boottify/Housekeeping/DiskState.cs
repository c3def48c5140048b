using System.Globalization;

namespace Boottify.Housekeeping;

/// <param name="Holds">What is kept there.</param>
/// <param name="NeededBytes">With less free than this, no build starts.</param>
public sealed record DiskState(string Path, string Holds, long FreeBytes, long TotalBytes, long NeededBytes)
{
    public bool Low => FreeBytes < NeededBytes;

    /// <summary>
    /// The larger of the two limits counts, but never more than a quarter of the disk: a small one is of use too.
    /// </summary>
    public static DiskState Of(string path, string holds, long freeBytes, long totalBytes, HousekeepingSettings settings)
    {
        var needed = Math.Max(settings.FreeBytes, (long)(totalBytes * settings.FreePercent / 100));
        return new DiskState(path, holds, freeBytes, totalBytes, Math.Min(needed, totalBytes / 4));
    }

    /// <summary>Why no build starts, and what to do; of disks with room nothing.</summary>
    public static string? WhyStopped(string node, IEnumerable<DiskState> disks)
    {
        var low = disks.Where(disk => disk.Low).Select(disk =>
            $"{Size(disk.FreeBytes)} free of {Size(disk.TotalBytes)} where {disk.Holds} are kept ({disk.Path}), and builds need {Size(disk.NeededBytes)}").ToList();
        return low.Count == 0
            ? null
            : $"Builds are stopped on node {node}: {string.Join("; ", low)}. They go on by themselves once there is room: free space there, enlarge the disk, or lower BOOTTIFY_DISK_FREE_MB and BOOTTIFY_DISK_FREE_PERCENT.";
    }

    private static string Size(long bytes) => bytes >= 1 << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.0} MB");
}

/// <summary>The disks of a node, as it last said; a node that is gone stops saying.</summary>
/// <param name="BuildsStopped">Why it takes no new builds; null when it does.</param>
public sealed record NodeDisks(string Id, DateTimeOffset At, IReadOnlyList<DiskState> Disks, string? BuildsStopped);
