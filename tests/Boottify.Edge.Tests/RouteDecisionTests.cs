using Boottify.Contracts.Edge;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Tests;

public sealed class RouteDecisionTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_first_route_is_taken() => Decide(Route(1), null).Should().BeOfType<RouteDecision.Accept>();

    [Fact]
    public void A_newer_one_is_taken() => Decide(Route(2, "10.0.0.2:80"), Held(Route(1))).Should().BeOfType<RouteDecision.Accept>();

    [Fact]
    public void The_same_one_is_so_already() => Decide(Route(1), Held(Route(1))).Should().BeOfType<RouteDecision.AlreadySo>();

    [Fact]
    public void Of_two_wishes_with_one_version_the_later_is_taken() => Decide(Route(1, "10.0.0.2:80"), Held(Route(1))).Should().BeOfType<RouteDecision.Accept>();

    [Fact]
    public void An_older_one_is_refused_whatever_it_says() => Detail(Decide(Route(1), Held(Route(2)))).Should().Contain("older than version 2");

    [Fact]
    public void One_that_shall_take_the_place_of_another_upstream_than_is_held_is_refused()
    {
        RouteDecision.Of(Route(1, "10.0.0.3:80"), Held(Route(1)), _ => null, "10.0.0.1:80").Should().BeOfType<RouteDecision.Accept>();
        Detail(RouteDecision.Of(Route(1), Held(Route(1, "10.0.0.2:80")), _ => null, "10.0.0.1:80")).Should().Contain("another upstream");
        Detail(RouteDecision.Of(Route(1), new DesiredState.Entry(1, null, s_now), _ => null, "10.0.0.1:80")).Should().Contain("another upstream");
    }

    [Fact]
    public void An_edge_that_has_missed_what_came_before_takes_the_newer_one_whatever_it_shall_take_the_place_of()
    {
        RouteDecision.Of(Route(2, "10.0.0.2:80"), Held(Route(1)), _ => null, "10.0.0.2:80").Should().BeOfType<RouteDecision.Accept>();
        RouteDecision.Of(Route(2, "10.0.0.2:80"), null, _ => null, "10.0.0.2:80").Should().BeOfType<RouteDecision.Accept>();
        Detail(RouteDecision.Of(Route(2, "10.0.0.2:80"), Held(Route(3)), _ => null, "10.0.0.2:80")).Should().Contain("another upstream");
    }

    [Fact]
    public void A_withdrawn_one_comes_back_with_a_higher_version_alone()
    {
        var tombstone = new DesiredState.Entry(3, null, s_now);
        Detail(Decide(Route(2), tombstone)).Should().Contain("older");
        Detail(Decide(Route(3), tombstone)).Should().Contain("withdrawn");
        Decide(Route(4), tombstone).Should().BeOfType<RouteDecision.Accept>();
    }

    [Fact]
    public void A_host_of_another_app_is_refused_and_its_own_is_not()
    {
        Detail(RouteDecision.Of(Route(1), null, _ => "other")).Should().Contain("other");
        RouteDecision.Of(Route(1), null, _ => "app").Should().BeOfType<RouteDecision.Accept>();
    }

    private static RouteDecision Decide(CheckedRoute wanted, DesiredState.Entry? held) => RouteDecision.Of(wanted, held, _ => null);

    private static string Detail(RouteDecision decision) => decision.Should().BeOfType<RouteDecision.Refuse>().Subject.Detail;

    private static DesiredState.Entry Held(CheckedRoute route) => new(route.Version, route, s_now);

    private static CheckedRoute Route(long version, string upstream = "10.0.0.1:80") =>
        CheckedRoute.Check(new AppRoute("app", version, upstream, [new RouteHost("a.test")])).Route!;
}
