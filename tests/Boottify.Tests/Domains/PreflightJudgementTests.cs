using Boottify.Dns;
using Boottify.Domains;
using DnsClient;

namespace Boottify.Tests.Domains;

public sealed class PreflightJudgementTests
{
    private const string Host = "www.example.com";
    private const string AppHost = "shop-a1234567.apps.example";
    private const string Ours = "192.0.2.7";

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
        Pointing(Answer(AnswerKind.Found, QueryType.A, Ours), Answer(AnswerKind.NoData, QueryType.AAAA)).Should().BeNull();
        PreflightJudgement.OfPointing(new Pointing(Host, [AppHost], [], LeadsToApp: true), AppHost, [Ours]).Should().BeNull();
    }

    [Fact]
    public void What_leads_elsewhere_is_named()
    {
        Pointing(Answer(AnswerKind.Found, QueryType.A, "198.51.100.1"))!.Reason.Should().Contain("198.51.100.1, which is not this platform").And.Contain(AppHost).And.Contain(Ours);
        Pointing(Answer(AnswerKind.Found, QueryType.A, Ours, "198.51.100.1"))!.Reason.Should().Contain("also to 198.51.100.1").And.Contain("Remove the A record of 198.51.100.1");
        Pointing(Answer(AnswerKind.Found, QueryType.A, Ours), Answer(AnswerKind.Found, QueryType.AAAA, "2001:db8::1"))!.Reason.Should().Contain("Remove the AAAA record of 2001:db8::1");
        Pointing(Answer(AnswerKind.NoData, QueryType.A), Answer(AnswerKind.NoData, QueryType.AAAA))!.Reason.Should().Contain("no address");
        Pointing(Answer(AnswerKind.NoName, QueryType.A), Answer(AnswerKind.NoName, QueryType.AAAA))!.Reason.Should().Contain("NXDOMAIN");
        Pointing(Answer(AnswerKind.Found, QueryType.A, Ours), Answer(AnswerKind.Failing, QueryType.AAAA))!.Reason.Should().Contain("SERVFAIL");
        PreflightJudgement.OfPointing(new Pointing(Host, ["gone.example.net"], [Answer(AnswerKind.NoName, QueryType.A)], false), AppHost, [Ours])!
            .Reason.Should().Contain("CNAME to gone.example.net, which does not exist");
        PreflightJudgement.OfPointing(new Pointing(Host, [.. Enumerable.Range(0, 9).Select(n => $"{n}.example.net")], [], false), AppHost, [Ours])!
            .Reason.Should().Contain("without end");
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

    private static Trouble? Pointing(params DnsAnswer[] answers) => PreflightJudgement.OfPointing(new Pointing(Host, [], answers, false), AppHost, [Ours]);

    private static Trouble? Issuers(string records) =>
        PreflightJudgement.OfIssuers(Host, new IssuerPolicy(Answer(AnswerKind.Found, QueryType.CAA, records.Split('|'))), ["letsencrypt.org"]);

    private static DnsAnswer Answer(AnswerKind kind, QueryType type, params string[] values) =>
        new(kind, Host, type, "192.0.2.53:53", kind == AnswerKind.Found ? values : []);
}
