using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;
using Boottify.Edge.Challenges;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Tests;

public sealed class AcmePartsTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_request_is_signed_so_that_the_public_key_alone_verifies_it()
    {
        using var key = AccountKey.Create();
        var request = JsonDocument.Parse(Jws.Sign(key, null, new Uri("https://ca.test/new-account"), "nonce-1", """{"a":1}""")).RootElement;
        var (head, payload, signature) = (Text(request, "protected"), Text(request, "payload"), Base64Url.DecodeFromChars(Text(request, "signature")));
        var header = JsonDocument.Parse(Base64Url.DecodeFromChars(head)).RootElement;
        Text(header, "alg").Should().Be("ES256");
        Text(header, "nonce").Should().Be("nonce-1");
        Text(header, "url").Should().Be("https://ca.test/new-account");
        header.TryGetProperty("kid", out _).Should().BeFalse();

        signature.Should().HaveCount(64, "r and s as they are, not ASN.1");
        using var stranger = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Base64Url.DecodeFromChars(Text(header.GetProperty("jwk"), "x")), Y = Base64Url.DecodeFromChars(Text(header.GetProperty("jwk"), "y")) },
        });
        stranger.VerifyData(Encoding.ASCII.GetBytes($"{head}.{payload}"), signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation).Should().BeTrue();
    }

    [Fact]
    public void A_known_account_is_named_and_post_as_get_has_an_empty_payload()
    {
        using var key = AccountKey.Create();
        var request = JsonDocument.Parse(Jws.Sign(key, "https://ca.test/account/1", new Uri("https://ca.test/order/1"), "n", "")).RootElement;
        var header = JsonDocument.Parse(Base64Url.DecodeFromChars(Text(request, "protected"))).RootElement;
        Text(header, "kid").Should().Be("https://ca.test/account/1");
        header.TryGetProperty("jwk", out _).Should().BeFalse();
        Text(request, "payload").Should().BeEmpty();
    }

    [Fact]
    public void The_thumbprint_is_that_of_the_key_as_rfc_7638_writes_it()
    {
        using var key = AccountKey.Create();
        key.Jwk.Should().MatchRegex("""^\{"crv":"P-256","kty":"EC","x":"[A-Za-z0-9_-]{43}","y":"[A-Za-z0-9_-]{43}"\}$""");
        key.Thumbprint.Should().Be(Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(key.Jwk))));
        using var again = AccountKey.FromPem(key.ToPem());
        again.KeyAuthorization("token").Should().Be($"token.{key.Thumbprint}");
    }

    [Fact]
    public void An_external_binding_is_signed_with_the_secret_of_the_authority()
    {
        using var key = AccountKey.Create();
        var secret = RandomNumberGenerator.GetBytes(32);
        var binding = JsonDocument.Parse(Jws.BindExternally(key, "kid-1", Base64Url.EncodeToString(secret), new Uri("https://ca.test/new-account"))).RootElement;
        var signed = Encoding.ASCII.GetBytes($"{Text(binding, "protected")}.{Text(binding, "payload")}");
        Base64Url.DecodeFromChars(Text(binding, "signature")).Should().Equal(HMACSHA256.HashData(secret, signed));
        Encoding.UTF8.GetString(Base64Url.DecodeFromChars(Text(binding, "payload"))).Should().Be(key.Jwk);
    }

    [Theory]
    [InlineData("120", 120.0)]
    [InlineData("0", 0.0)]
    [InlineData("Mon, 23 Nov 2026 08:01:00 GMT", 60.0)]
    [InlineData("Mon, 23 Nov 2026 07:00:00 GMT", 0.0)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public void Retry_after_is_understood_in_both_forms(string? header, double? seconds)
    {
        using var answer = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        if (header is not null) answer.Headers.TryAddWithoutValidation("Retry-After", header);
        RetryAfter.Of(answer, s_now)?.TotalSeconds.Should().Be(seconds);
        (RetryAfter.Of(answer, s_now) is null).Should().Be(seconds is null);
    }

    [Fact]
    public void A_problem_names_what_is_wrong_with_each_name()
    {
        var problem = AcmeProblem.From(HttpStatusCode.Forbidden, Encoding.UTF8.GetBytes("""
            {"type":"urn:ietf:params:acme:error:compound","detail":"two names","subproblems":[
              {"type":"urn:ietf:params:acme:error:caa","detail":"not allowed","identifier":{"type":"dns","value":"a.test"}},
              {"type":"urn:ietf:params:acme:error:dns","detail":"no such name","identifier":{"type":"dns","value":"b.test"}}]}
            """));
        problem.Type.Should().Be("compound");
        problem.Status.Should().Be(403);
        problem.ToString().Should().Contain("a.test: not allowed (caa)").And.Contain("b.test: no such name (dns)");
    }

    [Theory]
    [InlineData("<html><body>502 Bad Gateway</body></html>")]
    [InlineData("")]
    [InlineData("[1,2]")]
    [InlineData("{}")]
    [InlineData("{\"type\":7,\"detail\":[]}")]
    [InlineData("null")]
    public void An_answer_that_is_no_problem_document_is_still_told(string body) =>
        AcmeProblem.From(HttpStatusCode.BadGateway, Encoding.UTF8.GetBytes(body)).ToString().Should().Contain("502");

    [Fact]
    public void A_problem_cannot_forge_log_lines_or_fill_the_disk()
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { type = "x", detail = "a\nforged\r\u001b[31m" + new string('x', 100_000) });
        var text = AcmeProblem.From(HttpStatusCode.BadRequest, body).ToString();
        text.Length.Should().BeLessThan(600);
        text.Any(char.IsControl).Should().BeFalse();
    }

    [Fact]
    public void A_challenge_is_answered_for_its_own_host_and_token_until_its_end()
    {
        var answers = new Http01Answers();
        HostName.TryParse("a.test", out var host, out _).Should().BeTrue();
        using (answers.Give(host, "token", "answer"))
        {
            answers.TryFind("a.test", "token", out var found).Should().BeTrue();
            found.Should().Be("answer");
            answers.TryFind("A.TEST", "token", out _).Should().BeTrue("host names are the same in any case");
            answers.TryFind("b.test", "token", out _).Should().BeFalse();
            answers.TryFind("a.test", "Token", out _).Should().BeFalse();
            answers.TryFind("a.test", "token/", out _).Should().BeFalse();
        }

        answers.TryFind("a.test", "token", out _).Should().BeFalse();
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
