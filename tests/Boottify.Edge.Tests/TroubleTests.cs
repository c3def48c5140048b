using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Tests;

/// <summary>What becomes of an attempt that failed, whose turn is next, and what the report says: pure.</summary>
public sealed class TroubleTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("dns", 400, AcmeFault.Name)]
    [InlineData("connection", 400, AcmeFault.Name)]
    [InlineData("unauthorized", 403, AcmeFault.Name)]
    [InlineData("caa", 403, AcmeFault.Authority)]
    [InlineData("rateLimited", 429, AcmeFault.Authority)]
    [InlineData("rejectedIdentifier", 400, AcmeFault.Authority)]
    [InlineData("serverInternal", 500, AcmeFault.Authority)]
    [InlineData("", 502, AcmeFault.Authority)]
    public void Whose_fault_a_refusal_is_decides_whether_another_authority_is_asked(string type, int status, AcmeFault fault) =>
        AcmeException.OfProof(new AcmeProblem(type, "", status, [])).Fault.Should().Be(fault);

    [Theory]
    [InlineData("unauthorized")]
    [InlineData("connection")]
    public void A_request_that_is_refused_is_no_fault_of_the_name(string type) =>
        new AcmeException(new AcmeProblem(type, "", 403, [])).Fault.Should().Be(AcmeFault.Authority);

    [Fact]
    public void Each_authority_is_asked_again_in_its_own_time()
    {
        var limited = Trouble.OfAuthority(null, new AcmeException(new AcmeProblem("rateLimited", "too many", 429, []), TimeSpan.FromHours(5)), s_now, 0);
        var away = Trouble.OfAuthority(new AuthorityTrouble(1, "", s_now), AcmeException.Because("away"), s_now, 0);
        var trouble = Trouble.OfAuthorities(null, new Dictionary<string, AuthorityTrouble> { ["first"] = limited, ["second"] = away });
        trouble.NextAttempt.Should().Be(s_now.AddMinutes(1));
        trouble.At("first")!.NextAttempt.Should().Be(s_now.AddHours(5));
        trouble.Reason.Should().Be("The first authority: too many (rateLimited) The second authority: away");
    }

    [Fact]
    public void What_our_own_budget_forbids_is_no_failure_and_waits_exactly_for_it()
    {
        var waits = Trouble.OfAuthority(new AuthorityTrouble(3, "", s_now), AcmeException.OutOfBudget("used up", TimeSpan.FromMinutes(7)), s_now, 0);
        waits.Should().Be(new AuthorityTrouble(3, "used up", s_now.AddMinutes(7), s_now.AddMinutes(7)));
    }

    [Fact]
    public void Who_asks_for_an_attempt_now_gets_it_unless_an_authority_s_limits_are_what_is_waited_for()
    {
        AuthorityTrouble At(string type, TimeSpan? asked) => Trouble.OfAuthority(new AuthorityTrouble(4, "", s_now), new AcmeException(new AcmeProblem(type, "", 0, []), asked), s_now, 0);
        Trouble Of(params AuthorityTrouble[] each) => Trouble.OfAuthorities(null, each.Index().ToDictionary(one => $"{one.Index}", one => one.Item));
        var (ours, asked, limited) = (At("", null), At("", TimeSpan.FromMinutes(5)), At("rateLimited", null));
        var spent = Trouble.OfAuthority(null, AcmeException.OutOfBudget("used up", TimeSpan.FromDays(1)), s_now, 0);
        var hurried = Of(ours, spent).Hurried(s_now)!;
        (hurried.NextAttempt, hurried.Failures, hurried.At("0")!.NextAttempt, hurried.At("1")).Should().Be((s_now, 5, s_now, spent));
        foreach (var limits in new[] { asked, limited, spent }) Of(limits).Hurried(s_now).Should().BeNull();
        Of(asked).Hurried(s_now.AddMinutes(6)).Should().NotBeNull("what it asked for is over, and the rest is ours");

        var refused = new AcmeProblem("dns", "no such name", 400, []);
        Trouble.OfName(hurried, AcmeException.OfProof(refused), rehearse: true, s_now, 0).Hurried(s_now)!.Rehearse.Should().BeTrue();
        Trouble.OfName(null, new AcmeException(refused, TimeSpan.FromHours(1)), rehearse: false, s_now, 0).Hurried(s_now).Should().BeNull();
    }

    [Fact]
    public void A_name_that_could_not_be_verified_is_rehearsed_where_that_is_possible()
    {
        var refused = AcmeException.OfProof(new AcmeProblem("dns", "no such name", 400, []));
        var trouble = Trouble.OfName(null, refused, rehearse: true, s_now, 0);
        trouble.Should().Match<Trouble>(t => t.Rehearse && t.Failures == 1 && t.NextAttempt == s_now.AddSeconds(15) && t.Reason.Contains("Check that its DNS records"));
        Trouble.After(trouble, "something else", null, s_now, 0).Should().Match<Trouble>(t => t.Rehearse && t.Failures == 2);
    }

    [Fact]
    public void A_certificate_that_is_old_when_it_comes_is_told_and_not_renewed_without_end()
    {
        var fresh = new PublishedCertificate("01", s_now, s_now.AddDays(90));
        RenewalPolicy.DueAlready(Name("a.test"), fresh, null, s_now).Should().BeNull();
        var old = new PublishedCertificate("01", s_now.AddDays(-80), s_now.AddDays(10));
        Trouble? trouble = null;
        for (var time = 1; time <= 9; time++) trouble = RenewalPolicy.DueAlready(Name("a.test"), old, trouble, s_now);
        trouble.Should().Match<Trouble>(t => t.Failures == 9 && t.NextAttempt == s_now.AddDays(1) && t.Reason.Contains("2026-09-04") && t.Reason.Contains("clock"));
        RenewalPolicy.DueAlready(Name("a.test"), old with { NotAfter = s_now.AddHours(10) }, trouble, s_now)!.NextAttempt.Should().BeBefore(s_now.AddHours(10));
    }

    [Fact]
    public void The_report_tells_what_is_near_its_end_and_what_is_to_come()
    {
        CertificateReport.Row Row(string name, double age, double left, double due) =>
            new(name, new PublishedCertificate("01", s_now.AddDays(-age), s_now.AddDays(left)), s_now.AddDays(due), new Trouble(3, "no answer", s_now.AddHours(1)));
        var report = CertificateReport.Of([Row("fresh", 10, 80, 50), Row("late", 86, 4, -26), Row("over", 91, -1, -30), Row("short", 3, 3, 0.5), Row("ends", 5.5, 0.5, 0), new("none", null, s_now, new Trouble(9, "no such name", s_now))], 7, [], TimeSpan.FromDays(7), s_now);
        (report.Certificates, report.HostsOnWildcard).Should().Be((5, 7));
        report.Alarms.Select(alarm => alarm.Name).Should().Equal("over", "ends", "late");
        report.Alarms[0].Reason.Should().Be("no answer");
        report.Troubled.Should().HaveCount(6);
        report.Troubled[0].Should().Be(new CertificateReport.Failing("none", 9, "no such name", s_now));
        report.TimeLeft.Where(span => span.Count > 0).Select(span => $"{span.Left} {span.Count}").Should().Equal("expired 1", "1d 1", "3d 1", "7d 1", "more 1");
        report.Renewals.Should().HaveCount(30);
        report.Renewals[0].Should().Be(new CertificateReport.Day(new DateOnly(2026, 11, 23), 4));
    }

    [Theory]
    [InlineData("""<https://ca.test/cert/1>;rel="alternate", <https://ca.test/dir>;rel="index", </cert/2>; rel="alternate" """, "https://ca.test/cert/1 https://ca.test/cert/2")]
    [InlineData("""<https://ca.test/dir>;rel="index" """, "")]
    [InlineData("rubbish", "")]
    public void Alternate_chains_are_found_in_the_links(string header, string expected) =>
        string.Join(' ', ChainChoice.AlternatesIn([header], new Uri("https://ca.test/cert/0"))).Should().Be(expected);

    private static CertificateName Name(string text) => HostName.TryParse(text, out var host, out _) ? host : throw new InvalidOperationException(text);
}
