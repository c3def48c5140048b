using Boottify.Domains;

namespace Boottify.Tests.Domains;

public sealed class LookSlotsTests
{
    [Fact]
    public void A_team_has_a_few_of_them_however_many_are_free_and_all_have_so_many()
    {
        var slots = new LookSlots(5);
        slots.TryTake("a").Should().BeTrue();
        slots.FullTeams.Should().BeEmpty();
        slots.TryTake("a").Should().BeTrue();
        slots.TryTake("a").Should().BeFalse();
        slots.FullTeams.Should().Equal("a");
        slots.TryTake("b").Should().BeTrue();
        slots.TryTake("b").Should().BeTrue();
        slots.TryTake("c").Should().BeTrue();
        slots.TryTake("d").Should().BeFalse("none is left");
        slots.Release("a");
        slots.TryTake("d").Should().BeTrue();
        slots.FullTeams.Should().Equal("b");
    }
}
