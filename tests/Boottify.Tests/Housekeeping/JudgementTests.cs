using Boottify.Apps;
using Boottify.Deployments;
using Boottify.Housekeeping;
using static Boottify.Tests.Housekeeping.Things;

namespace Boottify.Tests.Housekeeping;

public class JudgementTests
{
    private static readonly string Host = $"shop-{AppId}.{Domain}";

    public static TheoryData<Kind, string, string?, Mark> OfApps() => new()
    {
        { Kind.Namespace, $"app-{AppId}", AppId, Mark.Ours },
        { Kind.Database, $"app_{AppId}", AppId, Mark.Ours },
        { Kind.Route, AppId, AppId, Mark.None },
        { Kind.DnsRecord, Host, AppId, Mark.None },
        { Kind.Image, $"apps/{AppId} sha256:1", AppId, Mark.None },
        { Kind.Manifest, $"apps/{AppId}@sha256:1", AppId, Mark.None },
    };

    [Theory]
    [MemberData(nameof(OfApps))]
    public void What_a_deleted_app_has_left_goes(Kind kind, string name, string? app, Mark mark)
    {
        var deleted = NewApp().Apply(new AppDeletionRequested("me", Old)).Apply(new AppDeleted(Old));
        Act(new Found(kind, name, app) { Mark = mark }, History(deleted)).Should().Be(FindingAction.Remove);
    }

    [Theory]
    [MemberData(nameof(OfApps))]
    public void Nothing_goes_within_the_grace_period(Kind kind, string name, string? app, Mark mark)
    {
        var justNow = NewApp().Apply(new AppDeletionRequested("me", Old)).Apply(new AppDeleted(Young));
        Act(new Found(kind, name, app) { Mark = mark }, History(justNow)).Should().BeNull();
        var longAgo = NewApp().Apply(new AppDeletionRequested("me", Old)).Apply(new AppDeleted(Old));
        Act(new Found(kind, name, app) { Mark = mark, Since = Young }, History(longAgo)).Should().BeNull();
    }

    [Theory]
    [MemberData(nameof(OfApps))]
    public void What_another_platform_has_marked_is_none_of_our_business(Kind kind, string name, string? app, Mark mark)
    {
        _ = mark;
        var deleted = NewApp().Apply(new AppDeletionRequested("me", Old)).Apply(new AppDeleted(Old));
        Act(new Found(kind, name, app) { Mark = Mark.Others }, History(deleted)).Should().BeNull();
        Act(new Found(kind, name, app) { Mark = Mark.Others }, History(null)).Should().BeNull();
    }

    [Theory]
    [MemberData(nameof(OfApps))]
    public void What_the_history_has_never_heard_of_is_never_removed(Kind kind, string name, string? app, Mark mark) =>
        Act(new Found(kind, name, app) { Mark = mark }, History(null)).Should().NotBe(FindingAction.Remove);

    [Theory]
    [MemberData(nameof(OfApps))]
    public void What_a_live_app_serves_with_stays(Kind kind, string name, string? app, Mark mark) =>
        Act(new Found(kind, name, app) { Mark = mark, Digests = ["sha256:1"] }, History(Released(("sha256:1", Old)))).Should().BeNull();

    [Theory]
    [MemberData(nameof(OfApps))]
    public void A_deletion_goes_on_by_itself_and_is_reported_when_it_takes_too_long(Kind kind, string name, string? app, Mark mark)
    {
        Act(new Found(kind, name, app) { Mark = mark }, History(NewApp().Apply(new AppDeletionRequested("me", Young)))).Should().BeNull();
        Act(new Found(kind, name, app) { Mark = mark }, History(NewApp().Apply(new AppDeletionRequested("me", Old)))).Should().Be(FindingAction.Report);
    }

    [Fact]
    public void A_database_without_a_note_is_reported_and_not_dropped()
    {
        var deleted = NewApp().Apply(new AppDeletionRequested("me", Old)).Apply(new AppDeleted(Old));
        var finding = Judgement.Of(new Found(Kind.Database, $"app_{AppId}", AppId), History(deleted), Grace);
        finding!.Action.Should().Be(FindingAction.Report);
        finding.Reason.Should().Contain($"DROP DATABASE \"app_{AppId}\"");
    }

    [Theory]
    [InlineData(Kind.Container)]
    [InlineData(Kind.Workspace)]
    public void What_a_build_has_left_goes_once_its_deployment_has_ended(Kind kind)
    {
        var found = new Found(kind, "x", null) { DeploymentId = "d1", Since = Old };
        Act(found, History(NewApp(), NewDeployment("d1", end: Old))).Should().Be(FindingAction.Remove);
        Act(found, History(NewApp(), NewDeployment("d1", end: Young))).Should().BeNull();
        Act(found, History(NewApp(), NewDeployment("d1"))).Should().BeNull();
        Act(found, History(NewApp())).Should().Be(kind == Kind.Workspace ? FindingAction.Report : null, "containers are the whole engine's");
    }

    [Theory]
    [InlineData(Kind.Image)]
    [InlineData(Kind.Manifest)]
    public void An_image_stays_as_long_as_a_kept_release_has_its_digest_whatever_its_tags_say(Kind kind)
    {
        var app = Released([.. Enumerable.Range(1, 7).Select(n => ($"sha256:{n}", Old))]);
        Act(Image(kind, "sha256:3"), History(app)).Should().BeNull("release 3 is the oldest of the five that are kept");
        Act(Image(kind, "sha256:2"), History(app)).Should().Be(FindingAction.Remove);
        var shared = Released([("sha256:1", Old), .. Enumerable.Range(2, 5).Select(n => ($"sha256:{n}", Old)), ("sha256:1", Old)]);
        Act(Image(kind, "sha256:1", "some-other-deployments-tag"), History(shared)).Should().BeNull("release 7 went back to it");
    }

    [Fact]
    public void An_image_stays_as_long_as_a_deployment_needs_it()
    {
        var app = Released([.. Enumerable.Range(1, 7).Select(n => ($"sha256:{n}", Old))]);
        Act(Image(Kind.Image, "sha256:9", "d9"), History(app, NewDeployment("d9"))).Should().BeNull("it is being pushed");
        Act(Image(Kind.Manifest, "sha256:9"), History(app, NewDeployment("d9", digest: "sha256:9"))).Should().BeNull("it was pushed");
        Act(Image(Kind.Manifest, "sha256:1"), History(app, NewDeployment("d9", toRelease: 1))).Should().BeNull("somebody returns to it");
        Act(Image(Kind.Manifest, "sha256:9", "d9"), History(app, NewDeployment("d9", end: Old, digest: "sha256:9"))).Should().Be(FindingAction.Remove);
        Act(Image(Kind.Image, "sha256:9", AppIds.NewDeployment(Young)), History(app)).Should().BeNull("it is too young");
    }

    [Fact]
    public void A_release_that_was_kept_a_moment_ago_may_have_been_asked_for()
    {
        var app = Released([("sha256:1", Old), .. Enumerable.Range(2, 4).Select(n => ($"sha256:{n}", Old)), ("sha256:6", Young)]);
        Act(Image(Kind.Manifest, "sha256:1"), History(app)).Should().BeNull();
    }

    [Fact]
    public void A_name_that_was_published_for_nothing_is_withdrawn()
    {
        Act(new Found(Kind.Route, AppId, AppId), History(NewApp())).Should().Be(FindingAction.Remove);
        Act(new Found(Kind.DnsRecord, Host, AppId), History(NewApp())).Should().Be(FindingAction.Remove);
        Act(new Found(Kind.DnsRecord, Host, AppId), History(NewApp(), NewDeployment("d1"))).Should().BeNull("its first deployment is publishing it");
        Act(new Found(Kind.DnsRecord, $"other-{AppId}.{Domain}", AppId), History(NewApp())).Should().Be(FindingAction.Report);
    }

    [Theory]
    [InlineData(Kind.Namespace, FindingAction.Restore)]
    [InlineData(Kind.Route, FindingAction.Restore)]
    [InlineData(Kind.DnsRecord, FindingAction.Restore)]
    [InlineData(Kind.Database, FindingAction.Report)]
    public void What_a_live_app_lacks_is_put_back_where_that_is_safe(Kind kind, FindingAction action)
    {
        Lack(kind, Released(("sha256:1", Old)), null).Should().Be(action);
        Lack(kind, Released(("sha256:1", Young)), null).Should().BeNull("it was released after the look, for all that is known");
        Lack(kind, NewApp(), null).Should().BeNull("it has never served");
        Lack(kind, Released(("sha256:1", Old)).Apply(new AppDeletionRequested("me", Young)), null).Should().BeNull("it is meant to go");
        var app = Released(("sha256:1", Old));
        Judgement.Lack(kind, History(app, NewDeployment("d1")).Apps[AppId], null, History(app), Grace, EdgeAddresses).Should().BeNull("a deployment sees to it");
    }

    [Fact]
    public void Only_what_differs_is_put_back()
    {
        var app = Released(("sha256:1", Old));
        Lack(Kind.Namespace, app, new Found(Kind.Namespace, "n", AppId)).Should().BeNull();
        Lack(Kind.Namespace, app, new Found(Kind.Namespace, "n", AppId) { Complete = false }).Should().Be(FindingAction.Restore);
        Lack(Kind.Namespace, app, new Found(Kind.Namespace, "n", AppId) { Going = true }).Should().Be(FindingAction.Report);
        LackOf(["192.0.2.1", "2001:db8::1"]).Should().BeNull();
        LackOf(["2001:db8::1", "192.0.2.1"]).Should().BeNull("a name server tells them in any order");
        LackOf(["192.0.2.1"]).Should().Be(FindingAction.Restore);
        LackOf(["192.0.2.9", "2001:db8::1"]).Should().Be(FindingAction.Restore);
        LackOf(["192.0.2.1", "2001:db8::1", "192.0.2.9"]).Should().Be(FindingAction.Restore);
        Lack(Kind.Database, app.Apply(new EnvironmentVariableSet("DATABASE_URL", "sealed", "me", Old)), null).Should().BeNull("it has one of its own");

        FindingAction? LackOf(string[] addresses) => Lack(Kind.DnsRecord, app, new Found(Kind.DnsRecord, Host, AppId) { Addresses = addresses });
    }

    [Fact]
    public void What_a_rollback_that_gave_up_has_left_in_the_cluster_makes_way_for_the_release()
    {
        var app = Released(("sha256:1", Old), ("sha256:2", Old));
        LackOf(app, "d1").Should().BeNull("it is the current release's");
        LackOf(app, "d0", NewDeployment("d0", end: Old)).Should().Be(FindingAction.Restore, "it is an older release's");
        LackOf(app, "d9", NewDeployment("d9", end: Old)).Should().Be(FindingAction.Restore);
        LackOf(app, "d9", NewDeployment("d9", end: Young)).Should().BeNull("the release may have been put back since the look");
        LackOf(app, "d9", NewDeployment("d9")).Should().BeNull("it is under way");
        LackOf(app, "d9", NewDeployment("d9", end: Old), NewDeployment("d10")).Should().BeNull("the next one sees to it");
        LackOf(Released(("sha256:1", Old), ("sha256:2", Young)), "d0", NewDeployment("d0", end: Old)).Should().BeNull("it was released after the look, for all that is known");
        LackOf(app.Apply(new AppDeletionRequested("me", Young)), "d9", NewDeployment("d9", end: Old)).Should().BeNull("it is meant to go");
        LackOf(app, "d9").Should().Be(FindingAction.Report, "the database may be yesterday's");
    }

    [Fact]
    public void What_a_first_deployment_has_left_in_the_cluster_goes_when_nothing_put_it_away()
    {
        Act(Running("d9"), History(NewApp(), NewDeployment("d9", end: Old))).Should().Be(FindingAction.Remove);
        Act(Running("d9"), History(NewApp(), NewDeployment("d9", end: Young))).Should().BeNull();
        Act(Running("d9"), History(NewApp(), NewDeployment("d9"))).Should().BeNull("it is under way");
        Act(Running("d9"), History(NewApp(), NewDeployment("d9", end: Old), NewDeployment("d10"))).Should().BeNull("the next one goes on with it");
        Act(Running("d9"), History(NewApp())).Should().Be(FindingAction.Report, "the database may be yesterday's");
        Act(Running("d9"), History(Released(("sha256:1", Old)), NewDeployment("d9", end: Old))).Should().BeNull("its release is put back");
        Act(new Found(Kind.Namespace, $"app-{AppId}", AppId) { Mark = Mark.Ours, Complete = false }, History(NewApp())).Should().BeNull("nothing is in it");
    }

    private static Found Running(string deployment) => new(Kind.Namespace, $"app-{AppId}", AppId) { Mark = Mark.Ours, Since = Old, DeploymentId = deployment };

    private static FindingAction? LackOf(App app, string runs, params Deployment[] deployments)
    {
        var history = History(app, deployments);
        return Judgement.Lack(Kind.Namespace, history.Apps[AppId], Running(runs), history, Grace, EdgeAddresses)?.Action;
    }

    private static Found Image(Kind kind, string digest, params string[] tags) => new(kind, $"apps/{AppId}@{digest}", AppId) { Digests = [digest], Tags = tags, Since = Old };

    private static FindingAction? Act(Found found, History history) => Judgement.Of(found, history, Grace)?.Action;

    private static FindingAction? Lack(Kind kind, App app, Found? found) => Judgement.Lack(kind, History(app).Apps[AppId], found, History(app), Grace, EdgeAddresses)?.Action;
}
