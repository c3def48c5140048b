using Boottify.Branches;
using Boottify.Deployments;

namespace Boottify.Tests.Branches;

public class PushOrderTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly Deployment A = Push("d1", "a");
    private static readonly Deployment B = Push("d2", "b");

    [Fact]
    public void A_branch_that_is_at_a_commit_of_which_nothing_is_known_lost_its_delivery() =>
        HeadStanding.Of("b", []).Should().Be(new HeadStanding.Lost());

    [Theory]
    [InlineData(DeploymentStatus.Queued)]
    [InlineData(DeploymentStatus.Building)]
    [InlineData(DeploymentStatus.Succeeded)]
    [InlineData(DeploymentStatus.Failed)]
    [InlineData(DeploymentStatus.Cancelled)]
    public void A_head_has_arrived_whatever_became_of_it(DeploymentStatus status)
    {
        var head = B with { Status = status };
        HeadStanding.Of("b", [head]).Should().Be(new HeadStanding.Arrived(head));
    }

    [Fact]
    public void A_head_that_waited_and_gave_way_to_another_commit_s_push_is_displaced() =>
        HeadStanding.Of("b", [Superseded(B, A), A]).Should().Be(new HeadStanding.Displaced(Superseded(B, A)));

    [Fact]
    public void A_head_that_gave_way_to_what_a_person_asked_for_is_not()
    {
        var wish = Push("d3", "a") with { Trigger = Trigger.Manual };
        HeadStanding.Of("b", [Superseded(B, wish), wish]).Should().Be(new HeadStanding.Arrived(wish));
    }

    [Fact]
    public void A_head_that_came_back_after_all_is_not()
    {
        var again = Push("d3", "b");
        HeadStanding.Of("b", [Superseded(B, A), Superseded(A, again), again]).Should().Be(new HeadStanding.Arrived(again));
    }

    [Fact]
    public void A_push_of_the_head_goes_on_even_when_it_was_pushed_before_and_forced_back() =>
        PushOrder.ByHead(A, "a", new HeadStanding.Arrived(A), [B]).Should().Be(new PushVerdict.GoOn());

    [Fact]
    public void A_push_of_another_commit_is_late_once_the_head_has_arrived() =>
        PushOrder.ByHead(A, "b", new HeadStanding.Arrived(B), []).Should().Be(new PushVerdict.Late(B));

    [Fact]
    public void A_late_push_brings_back_the_head_that_it_pushed_out()
    {
        var displaced = Superseded(B, A);
        PushOrder.ByHead(A, "b", new HeadStanding.Displaced(displaced), [displaced]).Should().Be(new PushVerdict.LateAndInTheWay(displaced));
        PushOrder.ByHead(A, "b", new HeadStanding.Displaced(displaced), []).Should().Be(new PushVerdict.LateAndInTheWay(displaced));
    }

    [Theory]
    [InlineData(Trigger.Manual)]
    [InlineData(Trigger.Rollback)]
    public void A_late_push_brings_back_what_a_person_had_asked_for(Trigger trigger)
    {
        var wish = Superseded(Push("d0", "x") with { Trigger = trigger }, A);
        PushOrder.ByHead(A, "b", new HeadStanding.Arrived(B), [wish]).Should().Be(new PushVerdict.LateAndInTheWay(wish));
        PushOrder.ByHistory(["b"], [B], [wish]).Should().Be(new PushVerdict.LateAndInTheWay(wish));
    }

    [Fact]
    public void Other_late_pushes_that_it_pushed_out_stay_out() =>
        PushOrder.ByHead(A, "b", new HeadStanding.Arrived(B), [Superseded(Push("d0", "older"), A)]).Should().Be(new PushVerdict.Late(B));

    [Fact]
    public void Where_the_head_has_not_arrived_history_is_asked() =>
        PushOrder.ByHead(A, "c", new HeadStanding.Lost(), [B]).Should().Be(new PushVerdict.AskHistory());

    [Fact]
    public void What_no_arrived_commit_descends_from_is_newer_and_goes_on() =>
        PushOrder.ByHistory([], [B], [B]).Should().Be(new PushVerdict.GoOn());

    [Fact]
    public void What_an_arrived_commit_descends_from_is_late() =>
        PushOrder.ByHistory(["b"], [Push("d9", "z"), B], []).Should().Be(new PushVerdict.Late(B));

    [Fact]
    public void What_waited_and_descends_from_it_comes_back() =>
        PushOrder.ByHistory(["b"], [], [Superseded(B, A)]).Should().Be(new PushVerdict.LateAndInTheWay(Superseded(B, A)));

    private static Deployment Superseded(Deployment deployment, Deployment by) => deployment.Apply(new DeploymentSuperseded(by.Id, Now));

    private static Deployment Push(string id, string commit) => Deployment.Create(new DeploymentRequested(
        id, "a1", "App", "t1", commit, "main", null, Trigger.Push, "ann", null, null, Now));
}
