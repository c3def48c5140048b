using System.Collections.Immutable;
using Boottify.Apps;
using Boottify.Deployments;
using Boottify.Housekeeping;
using static Boottify.Tests.Housekeeping.Things;

namespace Boottify.Tests.Housekeeping;

/// <summary>A route that exists, and is not what the app's should be.</summary>
public class WrongRouteTests
{
    private const string Service = "10.0.0.1:80";
    private static readonly string Host = $"shop-{AppId}.{Domain}";
    private static readonly App App = Released(("sha256:1", Old)) with { Domains = ["www.example.test"] };
    private static readonly Found Right = new(Kind.Route, AppId, AppId)
    {
        Addresses = [Service],
        Service = Service,
        Hosts = [Host, "www.example.test"],
        HostsOfAll = ImmutableHashSet.Create("other.example.test"),
    };

    [Fact]
    public void A_route_that_leads_to_the_Service_under_the_apps_names_is_right()
    {
        Lack(Right).Should().BeNull();
        Lack(Right with { Hosts = ["www.example.test", Host] }).Should().BeNull("an edge tells them in any order");
        Lack(Right with { Addresses = [] }).Should().BeNull("an edge of before does not tell where it leads");
    }

    [Fact]
    public void One_that_leads_elsewhere_is_put_right_and_the_finding_says_where_from_and_where_to()
    {
        var finding = Lack(Right with { Addresses = ["10.0.0.9:80"] })!;
        finding.Action.Should().Be(FindingAction.Restore);
        (finding.Name, finding.AppId).Should().Be((AppId, AppId));
        finding.Reason.Should().Be($"the live app's route leads to 10.0.0.9:80 instead of {Service}");
        Lack(Right with { Addresses = ["10.0.0.1:8080"] })!.Reason.Should().Contain("10.0.0.1:8080 instead of 10.0.0.1:80");
        Lack(Right with { Addresses = ["10.0.0.9:80"], Service = null }).Should().BeNull("its namespace is put back first");
    }

    [Fact]
    public void One_with_other_names_is_put_right_and_the_finding_says_which_it_had()
    {
        Lack(Right with { Hosts = [Host] })!.Reason.Should().Be($"the live app's route is for {Host} instead of {Host}, www.example.test");
        Lack(Right with { Hosts = [Host, "www.example.test", "gone.example.test"] })!.Reason.Should().Contain("gone.example.test").And.Contain($"instead of {Host}, www.example.test");
        Lack(Right with { Hosts = ["gone.example.test"], Addresses = ["10.0.0.9:80"] })!.Reason.Should()
            .Be($"the live app's route leads to 10.0.0.9:80 instead of {Service}, and is for gone.example.test instead of {Host}, www.example.test");
    }

    [Fact]
    public void A_name_that_another_route_has_is_not_put_again_and_again()
    {
        var taken = App with { Domains = ["other.example.test"] };
        Lack(Right with { Hosts = [Host] }, taken).Should().BeNull();
        Lack(Right with { Hosts = [Host, "other.example.test"] }, taken).Should().BeNull();
    }

    [Fact]
    public void Nothing_is_put_right_under_a_deployment_or_right_after_one_or_when_the_app_is_meant_to_go()
    {
        var wrong = Right with { Addresses = ["10.0.0.9:80"] };
        Lack(wrong, App, NewDeployment("d9")).Should().BeNull("it may be publishing");
        Lack(wrong, App, NewDeployment("d9", end: Old)).Should().NotBeNull();
        Lack(wrong, Released(("sha256:1", Old), ("sha256:2", Young))).Should().BeNull("it was released after the look, for all that is known");
        Lack(wrong, App.Apply(new AppDeletionRequested("me", Young))).Should().BeNull("it is meant to go");
        Lack(wrong, NewApp()).Should().BeNull("it has never served");
    }

    private static Finding? Lack(Found found, App? app = null, params Deployment[] deployments)
    {
        var history = History(app ?? App, deployments);
        return Judgement.Lack(Kind.Route, history.Apps[AppId], found, history, Grace, EdgeAddresses);
    }
}
