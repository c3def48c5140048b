using System.Text.Json;
using Boottify.Apps;
using Boottify.Deployments;
using Boottify.Domains;

namespace Boottify.Tests.Domains;

public sealed class DomainChangesTests
{
    private static readonly DateTimeOffset Then = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Release Release = new(1, "d1", "c0ffee", "registry/apps/a1234567@sha256:1", "sha256:1", false, 1, Then);

    [Fact]
    public void What_the_release_had_is_added_what_it_had_not_is_removed_and_what_both_have_stays()
    {
        var changes = DomainChanges.Of(Release with { Hosts = ["app.platform.test", "served.test"], Domains = ["waits.test", "served.test", "both.test"] }, [Has("new.test"), Has("both.test"), Has("a.test")]);
        changes.Added.Should().Equal("served.test", "waits.test");
        changes.Removed.Should().Equal("a.test", "new.test");
    }

    [Fact]
    public void What_was_added_after_the_return_was_asked_for_stays()
    {
        var release = Release with { Domains = [] };
        DomainChanges.Of(release, [Has("shown.test", Then), Has("later.test", Then.AddMinutes(2))], Then.AddMinutes(1)).Removed.Should().Equal("shown.test");
        DomainChanges.Of(release, [Has("shown.test", Then), Has("later.test", Then.AddMinutes(2))]).Removed.Should().Equal("later.test", "shown.test");
    }

    [Fact]
    public void The_platform_s_own_host_is_no_domain_and_the_same_domains_are_no_change()
    {
        var changes = DomainChanges.Of(Release with { Hosts = ["app.platform.test", "served.test"], Domains = ["served.test"] }, [Has("served.test")]);
        changes.Added.Should().BeEmpty();
        changes.Removed.Should().BeEmpty();
        DomainChanges.Of(Release with { Hosts = ["app.platform.test"], Domains = [] }, []).Added.Should().BeEmpty();
    }

    [Fact]
    public void A_release_of_before_domains_were_recorded_had_what_was_published_and_keeps_what_was_there_first()
    {
        var now = new[] { Has("waited.test", Then.AddDays(-1)), Has("late.test", Then.AddDays(1)) };
        var changes = DomainChanges.Of(Release with { Hosts = ["app.platform.test", "gone.test"] }, now);
        changes.Added.Should().Equal("gone.test");
        changes.Removed.Should().Equal("late.test");
        DomainChanges.Of(Release, now).Added.Should().BeEmpty("nothing is known of it");
    }

    [Fact]
    public void Words_tell_each_domain_once_with_what_is_to_be_done()
    {
        var words = DomainReturn.Words(new DomainsReturned(3, ["back.test"], ["new.test"], [new DomainLeftOut("held.test", "It is held.")], Then), "a1234567").ToList();
        words.Should().HaveCount(4);
        words.Should().ContainSingle(w => w.Contains("back.test") && w.Contains("/api/apps/a1234567/domains/back.test"));
        words.Should().ContainSingle(w => w.Contains("new.test is removed"));
        words.Should().ContainSingle(w => w.Contains("held.test does not come back: It is held."));
    }

    [Fact]
    public void A_request_of_before_returns_no_domains()
    {
        var old = JsonSerializer.Deserialize<DeploymentRequested>(
            """{"deploymentId":"d1","appId":"a1","appName":"An app","teamId":"t1","commit":"c0ffee","branch":"","trigger":2,"by":"somebody","toRelease":1,"at":"2026-05-01T12:00:00+00:00","reason":"slow"}""",
            JsonSerializerOptions.Web)!;
        old.Reason.Should().Be("slow");
        Deployment.Create(old).ReturnsDomains.Should().BeFalse();
        Deployment.Create(old with { ReturnsDomains = true }).ReturnsDomains.Should().BeTrue();
    }

    private static Domain Has(string host, DateTimeOffset? at = null) => Domain.Create(new DomainAdded(host, "a1234567", "t1234567", "boottify-verification=abc", "somebody", at ?? Then));
}
