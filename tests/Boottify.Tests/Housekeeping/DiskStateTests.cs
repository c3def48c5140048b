using Boottify.Housekeeping;
using Microsoft.Extensions.Configuration;

namespace Boottify.Tests.Housekeeping;

public class DiskStateTests
{
    private const long Megabyte = 1 << 20;
    private const long Gigabyte = 1 << 30;

    [Theory]
    [InlineData(100, 5 * Gigabyte)]
    [InlineData(20, 2 * Gigabyte)]
    [InlineData(4, 1 * Gigabyte)]
    public void The_larger_limit_counts_but_never_more_than_a_quarter_of_the_disk(long totalGigabytes, long needed) =>
        DiskState.Of("/", "images", 0, totalGigabytes * Gigabyte, Settings()).NeededBytes.Should().Be(needed);

    [Fact]
    public void A_low_disk_says_how_much_is_free_how_much_is_needed_and_what_to_do()
    {
        DiskState[] disks = [Disk("/data", "sources", 3 * Gigabyte), Disk("/var/lib/docker", "images", 60 * Gigabyte)];
        DiskState.WhyStopped("node-1", disks).Should()
            .Contain("node-1").And.Contain("3.0 GB free of 100.0 GB").And.Contain("/data").And.Contain("need 5.0 GB").And.Contain("BOOTTIFY_DISK_FREE_MB")
            .And.NotContain("/var/lib/docker");
        DiskState.WhyStopped("node-1", disks[1..]).Should().BeNull();
        DiskState.WhyStopped("node-1", []).Should().BeNull();
    }

    [Fact]
    public void Settings_have_defaults_and_say_which_of_them_is_wrong()
    {
        Settings().Should().Be(new HousekeepingSettings(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10), 10 * Gigabyte, 2 * Gigabyte, 5));
        Settings(("BOOTTIFY_BUILD_CACHE_MB", "64"), ("BOOTTIFY_DISK_FREE_PERCENT", "2.5")).Should().Match<HousekeepingSettings>(s => s.CacheBytes == 64 * Megabyte && s.FreePercent == 2.5);
        var wrong = () => Settings(("BOOTTIFY_HOUSEKEEPING_SECONDS", "often"), ("BOOTTIFY_DISK_FREE_PERCENT", "101"));
        wrong.Should().Throw<InvalidOperationException>().WithMessage("*BOOTTIFY_HOUSEKEEPING_SECONDS*BOOTTIFY_DISK_FREE_PERCENT*");
    }

    private static DiskState Disk(string path, string holds, long free) => DiskState.Of(path, holds, free, 100 * Gigabyte, Settings());

    private static HousekeepingSettings Settings(params (string Name, string Value)[] values) => HousekeepingSettings.From(
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(v => KeyValuePair.Create(v.Name, (string?)v.Value))).Build());
}
