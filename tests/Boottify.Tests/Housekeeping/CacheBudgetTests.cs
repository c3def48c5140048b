using Boottify.Builds;
using Boottify.Housekeeping;
using static Boottify.Tests.Housekeeping.Things;

namespace Boottify.Tests.Housekeeping;

public class CacheBudgetTests
{
    private static readonly LayerImage Base = Image("base", null, 100, named: true);

    [Fact]
    public void The_cache_is_what_our_builds_have_used_and_no_name_stands_on()
    {
        LayerImage[] images =
        [
            Base,
            Image("install", "base", 150), Image("build", "install", 170),
            Image("final1", "base", 105), Image("tagged", "final1", 106, named: true),
            Image("theirs", "base", 300),
            Image("shared", "base", 110), Image("theirs2", "shared", 120),
        ];
        var layers = CacheBudget.LayersOf(images, Uses(("build", 1), ("tagged", 1), ("shared", 1)));
        layers.Select(l => (l.Id, l.OwnBytes)).Should().BeEquivalentTo([("install", 50L), ("build", 20L)]);
    }

    [Fact]
    public void What_a_build_began_with_is_not_ours_even_when_it_has_lost_its_name()
    {
        LayerImage[] images = [Image("oldbase", null, 100), Image("stage", "oldbase", 120)];
        CacheBudget.LayersOf(images, Uses(("stage", 1))).Select(l => l.Id).Should().Equal("stage");
    }

    [Fact]
    public void A_layer_is_used_when_one_that_stands_on_it_is()
    {
        LayerImage[] images = [Base, Image("a", "base", 110), Image("b", "a", 120), Image("c", "a", 130)];
        var layers = CacheBudget.LayersOf(images, Uses(("b", 5), ("c", 2)));
        layers.ToDictionary(l => l.Id, l => l.LastUsed).Should().BeEquivalentTo(
            new Dictionary<string, DateTimeOffset> { ["a"] = Hour(5), ["b"] = Hour(5), ["c"] = Hour(2) });
    }

    [Fact]
    public void The_least_used_goes_first_until_the_rest_fits()
    {
        CacheLayer[] layers = [Layer("a", null, 50, 3), Layer("b", "a", 20, 1), Layer("c", "a", 30, 3), Layer("d", null, 40, 2)];
        Choose(layers, 140).Should().BeEmpty();
        Choose(layers, 139).Should().Equal("b");
        Choose(layers, 100).Should().Equal("b", "d");
        Choose(layers, 0).Should().Equal("b", "d", "c", "a");
    }

    [Fact]
    public void A_layer_in_use_stays_and_so_does_what_it_stands_on()
    {
        CacheLayer[] layers = [Layer("a", null, 50, 1), Layer("b", "a", 20, 1), Layer("c", null, 30, 2)];
        Choose(layers, 0, inUse: "b").Should().Equal("c");
        CacheBudget.Choose(layers, 0, Hour(2), _ => false, _ => false).Select(l => l.Id).Should().Equal(["b", "a"], "c was used since");
    }

    [Fact]
    public void What_only_deleted_apps_have_used_goes_whatever_the_budget()
    {
        CacheLayer[] layers = [Layer("a", null, 50, 1), Layer("b", null, 50, 3, "gone"), Layer("c", null, 50, 2, "gone", AppId)];
        CacheBudget.Choose(layers, 1000, Hour(9), app => app == "gone", _ => false).Select(l => l.Id).Should().Equal("b");
    }

    private static IEnumerable<string> Choose(CacheLayer[] layers, long budget, string? inUse = null) =>
        CacheBudget.Choose(layers, budget, Hour(9), _ => false, id => id == inUse).Select(l => l.Id);

    private static DateTimeOffset Hour(int hour) => Old.AddHours(hour);

    private static LayerImage Image(string id, string? parent, long size, bool named = false) => new(id, parent, named, size, Old);

    private static CacheLayer Layer(string id, string? parent, long bytes, int hour, params string[] apps) =>
        new(id, parent, bytes, Hour(hour), apps.Length == 0 ? new HashSet<string> { AppId } : apps.ToHashSet());

    private static Dictionary<string, CacheUse> Uses(params (string Id, int Hour)[] uses) =>
        uses.ToDictionary(u => u.Id, u => new CacheUse(Hour(u.Hour), new HashSet<string> { AppId }));
}
