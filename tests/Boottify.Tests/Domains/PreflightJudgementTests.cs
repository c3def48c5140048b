using Boottify.Dns;
using Boottify.Domains;
using Boottify.Platform;
using DnsClient;

namespace Boottify.Tests.Domains;

public sealed class PreflightJudgementTests
{
    private const string Host = "www.example.com";
    private const string AppHost = "shop-a1234567.apps.example";
    private const string Ours = "192.0.2.7";
    private const string OursToo = "2001:db8:a::7";

    private static readonly Domain Claim = Domain.Create(new DomainAdded(Host, "a1234567", "t1234567", "boottify-verification=abc", "somebody", default));

    [Fact]
    public void The_proof_may_stand_among_other_texts() =>
        PreflightJudgement.OfProof(Claim, Answer(AnswerKind.Found, QueryType.TXT, "v=spf1 -all", "boottify-verification=abc")).Should().BeNull();

    [Theory]
    [InlineData(AnswerKind.Found, "not with this team's value")]
    [InlineData(AnswerKind.NoName, "no TXT record _boottify.www.example.com")]
    [InlineData(AnswerKind.NoData, "no TXT record _boottify.www.example.com")]
    [InlineData(AnswerKind.Failing, "SERVFAIL")]
    [InlineData(AnswerKind.Refused, "REFUSED")]
    [InlineData(AnswerKind.Silent, "do not answer")]
    public void Each_way_in_which_a_proof_is_not_there_has_its_own_words(AnswerKind kind, string words) =>
        PreflightJudgement.OfProof(Claim, Answer(kind, QueryType.TXT, "boottify-verification=another-team's"))!.Reason.Should().Contain(words);

    [Fact]
    public void A_name_leads_here_when_all_its_addresses_are_ours()
    {
        Pointing(Answer(AnswerKind.Found, QueryType.A, Ours), Answer(AnswerKind.NoData, QueryType.AAAA)).Should().BeNull("one of our edges is enough");
        Pointing(Answer(AnswerKind.NoData, QueryType.A), Answer(AnswerKind.Found, QueryType.AAAA, "2001:DB8:A:0::7")).Should().BeNull();
        Pointing(Answer(AnswerKind.Found, QueryType.A, Ours), Answer(AnswerKind.Found, QueryType.AAAA, OursToo)).Should().BeNull();
        PreflightJudgement.OfPointing(new Pointing(Host, [AppHost], [], LeadsToApp: true), AppHost, EdgeAddresses.Parse($"{Ours}, {OursToo}")).Should().BeNull();
    }

    [Fact]
    public void What_leads_elsewhere_is_named()
    {
        Pointing(Answer(AnswerKind.Found, QueryType.A, "198.51.100.1"))!.Reason.Should().Contain("198.51.100.1, which is not this platform").And.Contain($"CNAME to {AppHost}, or A {Ours}, AAAA {OursToo}.");
        Pointing(Answer(AnswerKind.Found, QueryType.A, Ours, "198.51.100.1"))!.Reason.Should().Contain("also to 198.51.100.1").And.Contain("Remove the A record of 198.51.100.1");
        Pointing(Answer(AnswerKind.Found, QueryType.A, Ours), Answer(AnswerKind.Found, QueryType.AAAA, "2001:db8::1"))!.Reason.Should().Contain("Remove the AAAA record of 2001:db8::1");
        Pointing(Answer(AnswerKind.NoData, QueryType.A), Answer(AnswerKind.NoData, QueryType.AAAA))!.Reason.Should().Contain("no address");
        Pointing(Answer(AnswerKind.NoName, QueryType.A), Answer(AnswerKind.NoName, QueryType.AAAA))!.Reason.Should().Contain("NXDOMAIN");
        Pointing(Answer(AnswerKind.Found, QueryType.A, Ours), Answer(AnswerKind.Failing, QueryType.AAAA))!.Reason.Should().Contain("SERVFAIL");
        PreflightJudgement.OfPointing(new Pointing(Host, ["gone.example.net"], [Answer(AnswerKind.NoName, QueryType.A)], false), AppHost, EdgeAddresses.Parse($"{Ours}, {OursToo}"))!
            .Reason.Should().Contain("CNAME to gone.example.net, which does not exist");
        PreflightJudgement.OfPointing(new Pointing(Host, [.. Enumerable.Range(0, 9).Select(n => $"{n}.example.net")], [], false), AppHost, EdgeAddresses.Parse($"{Ours}, {OursToo}"))!
            .Reason.Should().Contain("without end");
    }

    [Fact]
    public void Only_those_of_our_addresses_are_asked_that_the_name_has_and_all_of_them_behind_the_app_s_own_name()
    {
        var ours = EdgeAddresses.Parse($"{Ours}, 192.0.2.8, {OursToo}");
        var some = new Pointing(Host, [], [Answer(AnswerKind.Found, QueryType.A, Ours, "198.51.100.1"), Answer(AnswerKind.Found, QueryType.AAAA, OursToo)], false);
        some.Targets(ours).Select(a => a.ToString()).Should().Equal(Ours, OursToo);
        new Pointing(Host, [AppHost], [], LeadsToApp: true).Targets(ours).Should().Equal(ours);
    }

    [Theory]
    [InlineData("www.shop.example", "CNAME")]
    [InlineData("shop.example", "A 192.0.2.7|A 192.0.2.8|AAAA 2001:db8:a::7")]
    public void The_records_to_set_have_each_of_our_addresses_where_no_alias_may_stand(string host, string leading)
    {
        var claim = Domain.Create(new DomainAdded(host, "a1234567", "t1234567", "boottify-verification=abc", "somebody", default));
        var records = claim.Records(AppHost, EdgeAddresses.Parse($"{Ours}, 192.0.2.8, {OursToo}"));
        records[0].Should().Be(new DnsRecord("TXT", $"_boottify.{host}", "boottify-verification=abc"));
        records.Skip(1).Select(r => r.Type == "CNAME" ? r.Type : $"{r.Type} {r.Value}").Should().Equal(leading.Split('|'));
        records.Skip(1).Should().OnlyContain(r => r.Name == host);
        if (leading == "CNAME")
            records[1].Note.Should().EndWith($": A {host} {Ours}, A {host} 192.0.2.8, AAAA {host} {OursToo}");
    }

    [Theory]
    [InlineData("0 issue letsencrypt.org")]
    [InlineData("0 issue LetsEncrypt.org; validationmethods=http-01")]
    [InlineData("0 issue other.example|0 issue letsencrypt.org")]
    [InlineData("0 iodef mailto:security@example.com")]
    [InlineData("0 issuewild ;")]
    [InlineData("128 issue letsencrypt.org")]
    [InlineData("0 unheardof x")]
    public void An_authority_that_is_allowed_or_not_forbidden_may_issue(string records) => Issuers(records).Should().BeNull();

    [Theory]
    [InlineData("0 issue other.example", "allows other.example")]
    [InlineData("0 issue ;", "allows nobody")]
    [InlineData("0 issue letsencrypt.org.evil.example", "and not letsencrypt.org")]
    [InlineData("128 unheardof x|0 issue letsencrypt.org", "critical")]
    [InlineData("0 issue <b>\u001b", "allows <b>?")]
    public void An_authority_that_is_forbidden_is_told_with_the_record_to_add(string records, string words) => Issuers(records)!.Reason.Should().Contain(words);

    [Fact]
    public void No_record_at_all_forbids_nobody_and_a_server_that_fails_keeps_the_authority_from_issuing()
    {
        PreflightJudgement.OfIssuers(Host, new IssuerPolicy(null), ["letsencrypt.org"]).Should().BeNull();
        PreflightJudgement.OfIssuers(Host, new IssuerPolicy(Answer(AnswerKind.Failing, QueryType.CAA)), ["letsencrypt.org"])!.Reason.Should().Contain("SERVFAIL");
        Issuers("0 issue other.example")!.Record.Should().Be(new DnsRecord("CAA", Host, "0 issue \"letsencrypt.org\""));
    }

    private static Trouble? Pointing(params DnsAnswer[] answers) => PreflightJudgement.OfPointing(new Pointing(Host, [], answers, false), AppHost, EdgeAddresses.Parse($"{Ours}, {OursToo}"));

    private static Trouble? Issuers(string records) =>
        PreflightJudgement.OfIssuers(Host, new IssuerPolicy(Answer(AnswerKind.Found, QueryType.CAA, records.Split('|'))), ["letsencrypt.org"]);

    private static DnsAnswer Answer(AnswerKind kind, QueryType type, params string[] values) =>
        new(kind, Host, type, "192.0.2.53:53", kind == AnswerKind.Found ? values : []);
}
