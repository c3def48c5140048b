using System.Net;
using Boottify.Contracts.Edge;
using Boottify.Dns;
using Boottify.Domains;
using Boottify.Platform;
using DnsClient;

namespace Boottify.Tests.Domains;

public sealed class SelfCheckTests
{
    private const string Ours = "192.0.2.7";

    private static readonly IPEndPoint Target = IPEndPoint.Parse($"{Ours}:80");
    private static readonly SelfCheckProof Proof = new("the-edge-s-own-token");
    private static readonly HostName Host = Name("www.example.com");

    [Fact]
    public void An_edge_with_the_same_token_answers_what_the_control_plane_expects()
    {
        var token = Proof.NewToken(Host);
        new SelfCheckProof("the-edge-s-own-token").TryAnswer("www.example.com", token, out var answer).Should().BeTrue();
        Proof.IsAnswer(Host, token, answer!).Should().BeTrue();
        token.Should().HaveLength(SelfCheckProof.TokenLength).And.MatchRegex("\\Aboottify\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}\\z", "a path holds it as it is, and no token of ACME has a dot");
        Proof.NewToken(Host).Should().NotBe(token);
    }

    [Fact]
    public void Nobody_passes_who_echoes_or_answers_for_another_host_question_or_token()
    {
        var token = Proof.NewToken(Host);
        Proof.TryAnswer($"{Host}", token, out var answer);
        Proof.IsAnswer(Host, token, token).Should().BeFalse();
        Proof.IsAnswer(Host, token, token.Split('.')[^1]).Should().BeFalse("the question's proof is not the answer's");
        Proof.IsAnswer(Host, token, "").Should().BeFalse();
        Proof.IsAnswer(Host, token, answer + "\n").Should().BeFalse();
        Proof.IsAnswer(Host, Proof.NewToken(Host), answer!).Should().BeFalse("an answer that was seen once is for its own question");
        Proof.IsAnswer(Name("shop.example.com"), token, answer!).Should().BeFalse();
        new SelfCheckProof("another token").IsAnswer(Host, token, answer!).Should().BeFalse();
    }

    [Theory]
    [InlineData("shop.example.com")]
    [InlineData("www.example.com.")]
    [InlineData("WWW.example.com")]
    [InlineData("www.example.com:80")]
    [InlineData("www.example.com\nx")]
    [InlineData("")]
    public void A_question_about_one_host_has_no_answer_under_another(string host) => Proof.TryAnswer(host, Proof.NewToken(Host), out _).Should().BeFalse();

    [Fact]
    public void A_question_with_any_character_changed_cut_or_added_has_no_answer()
    {
        var token = Proof.NewToken(Host);
        for (var at = 0; at < token.Length; at++)
        {
            // Also where base64url's last character has bits that nobody reads: what is compared is text.
            var changed = $"{token[..at]}{(token[at] == 'A' ? 'B' : 'A')}{token[(at + 1)..]}";
            Proof.TryAnswer($"{Host}", changed, out _).Should().BeFalse(changed);
            Proof.TryAnswer($"{Host}", token[..at], out _).Should().BeFalse(token[..at]);
        }

        Proof.TryAnswer($"{Host}", token + "A", out _).Should().BeFalse();
        Proof.TryAnswer($"{Host}", new string('é', SelfCheckProof.TokenLength), out _).Should().BeFalse();
        new SelfCheckProof("another token").TryAnswer($"{Host}", token, out _).Should().BeFalse();
    }

    [Fact]
    public void Nothing_but_our_own_addresses_is_asked_whatever_the_zone_names()
    {
        Of(["192.0.2.7", "169.254.169.254", "10.0.0.1"], ["2001:db8::7", "::1"]).Targets(EdgeAddresses.Parse($"{Ours} 2001:db8::7")).Should().Equal(IPAddress.Parse(Ours), IPAddress.Parse("2001:db8::7"));
        Of(["10.0.0.1"], []).Targets([IPAddress.Parse(Ours)]).Should().BeEmpty();
        new Pointing("www.example.com", ["shop.apps.example"], [], LeadsToApp: true).Targets([IPAddress.Parse(Ours)]).Should().Equal(IPAddress.Parse(Ours));
    }

    [Fact]
    public void Each_thing_that_may_answer_instead_has_its_own_words_and_says_where()
    {
        SelfCheckJudgement.Of("www.example.com", new SelfCheckSight(Target, SelfCheckAnswer.Ours, 200)).Should().BeNull();
        Reason(SelfCheckAnswer.Refused).Should().Contain("http://www.example.com at 192.0.2.7:80: connection refused");
        Reason(SelfCheckAnswer.Silent).Should().Contain("192.0.2.7:80: timeout");
        Reason(SelfCheckAnswer.Unseen, detail: "Network is unreachable").Should().Contain("no way to 192.0.2.7 (Network is unreachable)").And.Contain("operator");
        Reason(SelfCheckAnswer.Foreign, 503).Should().Contain("another server answered with status 503");
        Reason(SelfCheckAnswer.Redirect, 301, "https://www.example.com/x").Should().Contain("redirect to https://www.example.com/x: a global HTTP to HTTPS redirect in front of us would break the certificate");
        Reason(SelfCheckAnswer.Redirect, 302, $"https://evil/\u001b[31m{new string('x', 9000)}").Should().Contain("https://evil/?[31m").And.Match(reason => reason.Length < 600);
        SelfCheckJudgement.EdgeIsAway("www.example.com", new SelfCheckSight(Target, SelfCheckAnswer.Refused)).Reason.Should().Contain("edge does not answer").And.Contain("nothing for you to do");

        static string Reason(SelfCheckAnswer answer, int status = 0, string? detail = null) => SelfCheckJudgement.Of("www.example.com", new SelfCheckSight(Target, answer, status, detail))!.Reason;
    }

    private static Pointing Of(string[] a, string[] aaaa) => new("www.example.com", [], [Answer(QueryType.A, a), Answer(QueryType.AAAA, aaaa)], LeadsToApp: false);

    private static DnsAnswer Answer(QueryType type, string[] values) =>
        new(values.Length == 0 ? AnswerKind.NoData : AnswerKind.Found, "www.example.com", type, "192.0.2.53", values);

    private static HostName Name(string text) => HostName.TryParse(text, out var host, out var problem) ? host : throw new InvalidOperationException(problem);
}
