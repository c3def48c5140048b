namespace Boottify.Housekeeping;

/// <summary>How tidy this node is kept; every name has a default (<c>ops/README.md</c>).</summary>
/// <param name="Interval">Between two runs, give or take a fifth; zero for none but on request or alarm. From <c>BOOTTIFY_HOUSEKEEPING_SECONDS</c>.</param>
/// <param name="Grace">Nothing younger, or released more recently, is touched. From <c>BOOTTIFY_HOUSEKEEPING_GRACE_SECONDS</c>.</param>
/// <param name="CacheBytes">How much of the build cache is kept. From <c>BOOTTIFY_BUILD_CACHE_MB</c>.</param>
/// <param name="FreeBytes">Below this much free space no build starts. From <c>BOOTTIFY_DISK_FREE_MB</c>.</param>
/// <param name="FreePercent">The same as a part of the disk; the larger of the two counts. From <c>BOOTTIFY_DISK_FREE_PERCENT</c>.</param>
public sealed record HousekeepingSettings(TimeSpan Interval, TimeSpan Grace, long CacheBytes, long FreeBytes, double FreePercent)
{
    /// <exception cref="InvalidOperationException">One is no number in its range; names each.</exception>
    public static HousekeepingSettings From(IConfiguration configuration)
    {
        var faults = new List<string>();
        var settings = new HousekeepingSettings(
            TimeSpan.FromSeconds(Number("BOOTTIFY_HOUSEKEEPING_SECONDS", 600, 86_400)),
            TimeSpan.FromSeconds(Number("BOOTTIFY_HOUSEKEEPING_GRACE_SECONDS", 600, 604_800)),
            (long)(Number("BOOTTIFY_BUILD_CACHE_MB", 10_240, 1e9) * (1 << 20)),
            (long)(Number("BOOTTIFY_DISK_FREE_MB", 2048, 1e9) * (1 << 20)),
            Number("BOOTTIFY_DISK_FREE_PERCENT", 5, 90));
        return faults.Count == 0 ? settings : throw new InvalidOperationException($"{string.Join(". ", faults)}. ops/README.md lists all settings.");

        double Number(string name, double otherwise, double most)
        {
            if (configuration[name] is not { Length: > 0 } text)
                return otherwise;
            if (double.TryParse(text, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var number) && number <= most)
                return number;
            faults.Add($"{name} is '{text}': it is to hold a number from 0 to {most:0}");
            return otherwise;
        }
    }
}
