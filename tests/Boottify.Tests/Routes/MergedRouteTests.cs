using Boottify.Contracts.Edge;
using Boottify.Routes;

namespace Boottify.Tests.Routes;

public sealed class MergedRouteTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_host_is_active_when_every_edge_serves_it()
    {
        var served = Host(CertificateState.Active, Now.AddDays(9));
        Merged(Route(1, served), Route(1, Host(CertificateState.Active, Now.AddDays(5)))).Should().Be(served with { NotAfter = Now.AddDays(5) }, "the end that comes first is the one to know");
        foreach (var state in (CertificateState[])[CertificateState.Issuing, CertificateState.Pending, CertificateState.Failed])
            Merged(Route(1, served), Route(1, Host(state, null, "why"))).Should().Match<HostStatus>(host => host.Certificate == state && host.Reason == "why");
        Merged(Route(1, Host(CertificateState.Issuing)), Route(1, Host(CertificateState.Failed, null, "why"))).Certificate.Should().Be(CertificateState.Failed);
        Merged(Route(1, served), null).Should().Match<HostStatus>(host => host.Certificate == CertificateState.Pending && host.Reason!.Contains("Not every edge"));
        Merged(Route(1, served), Route(1)).Certificate.Should().Be(CertificateState.Pending);
    }

    [Fact]
    public void The_newest_route_counts_and_it_is_live_when_all_that_have_it_say_so()
    {
        MergedRoute.Of([null, null]).Should().BeNull();
        MergedRoute.Of([Route(1), Route(2) with { Upstream = "10.0.0.2:80" }]).Should().Match<RouteStatus>(route => route.Version == 2 && route.Upstream == "10.0.0.2:80" && route.Live);
        MergedRoute.Of([Route(2) with { Live = false }, Route(2)])!.Live.Should().BeFalse();
        MergedRoute.OfLists([[Route(1), Route(1) with { AppId = "other" }], [Route(3)]]).Select(route => (route.AppId, route.Version)).Should().BeEquivalentTo([("app", 3L), ("other", 1L)]);
    }

    [Fact]
    public void Apps_of_which_the_edges_say_different_things_are_found_with_the_newest_of_them()
    {
        var (one, two) = (Host(CertificateState.Active), new HostStatus("two.test", CertificateState.Active));
        MergedRoute.Unlike([[Route(1, one, two)], [Route(1, two, one with { Certificate = CertificateState.Failed })]]).Should().BeEmpty("neither the order nor the certificates are the wish");
        foreach (var other in (RouteStatus[][])[[], [Route(4, one, two)], [Route(5, one)], [Route(5, one, two) with { Upstream = "10.0.0.2:80" }]])
            MergedRoute.Unlike([other, [Route(5, one, two)]]).Should().ContainSingle().Which.Version.Should().Be(5);
    }

    private static HostStatus Merged(params RouteStatus?[] edges) => MergedRoute.Of(edges)!.Hosts.Should().ContainSingle().Subject;

    private static RouteStatus Route(long version, params HostStatus[] hosts) => new("app", version, Live: true, hosts, "10.0.0.1:80");

    private static HostStatus Host(CertificateState state, DateTimeOffset? end = null, string? reason = null) => new("one.test", state, reason, NotAfter: end);
}
