using Boottify.Builds;
using Boottify.Logs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Boottify.Tests.Builds;

public sealed class CacheUsesTests : IDisposable
{
    private static readonly string One = "sha256:" + new string('1', 64);
    private static readonly string Other = "sha256:" + new string('2', 64);
    private static readonly DateTimeOffset Early = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void The_last_use_counts_and_all_apps_are_remembered()
    {
        var uses = Uses();
        uses.Put(One, new CacheUse(Early.AddHours(2), new HashSet<string> { "shop1234" }));
        uses.Put(One, new CacheUse(Early, new HashSet<string> { "blog1234", "shop1234" }));
        uses.Put(Other, new CacheUse(Early, new HashSet<string> { "shop1234" }));

        // Another process reads what this one wrote.
        var all = Uses().All();
        all.Keys.Should().BeEquivalentTo(One, Other);
        all[One].Last.Should().Be(Early.AddHours(2));
        all[One].Apps.Should().BeEquivalentTo("shop1234", "blog1234");

        uses.Forget(One);
        Uses().All().Keys.Should().Equal(Other);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sha256:../../etc/passwd")]
    [InlineData("node:20-alpine")]
    public void What_is_no_image_of_the_engine_is_not_written_down(string id)
    {
        var uses = Uses();
        uses.Note(id, "shop1234");
        uses.All().Should().BeEmpty();
    }

    [Fact]
    public void What_a_running_build_has_named_is_in_use_until_it_ends()
    {
        var uses = Uses();
        using (var build = uses.Follow())
        {
            build.Saw(new OutputLine(LogOrigin.System, " ---> 111111111111"));
            build.Saw(new OutputLine(LogOrigin.Stdout, " ---> 222222222222"));
            using (var second = uses.Follow())
                second.Saw(new OutputLine(LogOrigin.System, " ---> 111111111111"));
            uses.IsInUse(One).Should().BeTrue();
            uses.IsInUse(Other).Should().BeFalse();
        }

        uses.IsInUse(One).Should().BeFalse();
    }

    public void Dispose() => folder.Dispose();

    private CacheUses Uses() => new(
        new BuildSettings { DataFolder = folder.Path, DockerHost = new Uri("unix:///none"), Registry = "r", RegistryUser = "u", RegistryPassword = "p" },
        TimeProvider.System,
        NullLogger<CacheUses>.Instance);
}
