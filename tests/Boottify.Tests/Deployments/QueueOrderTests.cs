using Boottify.Deployments.Queue;

namespace Boottify.Tests.Deployments;

public class QueueOrderTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private int age;

    [Fact]
    public void Teams_take_turns_and_the_older_goes_first_within_a_turn()
    {
        var places = QueueOrder.Of([Waiting("a1"), Waiting("a2"), Waiting("a3"), Waiting("b1"), Waiting("b2"), Waiting("c1")]);
        InOrder(places).Should().Equal("a1", "b1", "c1", "a2", "b2", "a3");
        places["a3"].Should().Be(new QueuePlace(6, 3, "a free build slot"));
    }

    [Fact]
    public void What_runs_counts_for_its_team() =>
        InOrder(QueueOrder.Of([Running("a1"), Running("a2"), Running("b1"), Waiting("a3"), Waiting("b2"), Waiting("b3"), Waiting("c1"), Waiting("c2")]))
            .Should().Equal("c1", "b2", "c2", "a3", "b3");

    [Fact]
    public void One_whose_app_is_busy_names_what_it_waits_for_and_holds_up_nobody()
    {
        var places = QueueOrder.Of([Running("a1", "shop"), Waiting("a2", "shop"), Waiting("b1"), Waiting("b2")]);
        places["a2"].Should().Be(new QueuePlace(1, 0, "another deployment of this app (a1) to end"));
        places["b1"]!.Number.Should().Be(1);
        places["b2"]!.Number.Should().Be(2);
    }

    [Fact]
    public void A_return_to_a_release_needs_no_build_slot_and_goes_past_what_waits_for_one()
    {
        var places = QueueOrder.Of([Waiting("a1"), Waiting("b1"), Waiting("c1") with { Builds = false }]);
        places["c1"].Should().Be(new QueuePlace(1, 0, "a free slot"));
        places["b1"].Should().Be(new QueuePlace(2, 1, "a free build slot"));
    }

    [Fact]
    public void Nothing_that_runs_has_a_place() => QueueOrder.Of([Running("a1")]).Should().BeEmpty();

    private static IEnumerable<string> InOrder(IReadOnlyDictionary<string, QueuePlace?> places) => places.OrderBy(p => p.Value!.Number).Select(p => p.Key);

    private QueuedWork Waiting(string id, string? app = null) => new(id, app ?? id, id[..1], true, Now.AddSeconds(++age), false, null);

    private QueuedWork Running(string id, string? app = null) => Waiting(id, app) with { Running = true, Node = "n" };
}
