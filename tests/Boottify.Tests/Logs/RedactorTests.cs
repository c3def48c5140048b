using System.Text;
using Boottify.Logs;
using FsCheck;
using FsCheck.Fluent;

namespace Boottify.Tests.Logs;

public class RedactorTests
{
    private const string Secret = "s3cr3t/with+odd chars\"&=";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_secret_is_found_in_base64_at_any_alignment(int before)
    {
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('x', before) + Secret + "tail"));
        var clean = new Redactor([Secret]).Redact(encoded);
        clean.Should().Contain(Redactor.Mark);
        // What is left of it gives away nothing but its edges.
        var rest = clean.Split(Redactor.Mark);
        rest.Should().OnlyContain(piece => piece.Length <= 10);
    }

    [Fact]
    public void A_secret_is_found_as_it_is_url_encoded_and_in_json()
    {
        var redactor = new Redactor([Secret]);
        foreach (var form in new[] { Secret, Uri.EscapeDataString(Secret), System.Text.Json.JsonSerializer.Serialize(Secret) })
            redactor.Redact($"before {form} after").Should().NotContain("s3cr3t").And.StartWith("before ").And.EndWith(" after");
    }

    [Fact]
    public void Each_line_of_a_secret_of_several_lines_is_found_alone()
    {
        var redactor = new Redactor(["-----BEGIN KEY-----\nMIIEabcdef\nzzzz9999\n-----END KEY-----"]);
        redactor.Redact("MIIEabcdef").Should().Be(Redactor.Mark);
        redactor.Redact("> zzzz9999").Should().Be("> " + Redactor.Mark);
    }

    [Fact]
    public void A_secret_that_holds_another_goes_as_a_whole() =>
        new Redactor(["password", "my-password-1"]).Redact("x my-password-1 y password").Should().Be($"x {Redactor.Mark} y {Redactor.Mark}");

    [Fact]
    public void Everyday_words_stay() => new Redactor(["on", "80", ""]).Redact("listening on 80").Should().Be("listening on 80");

    [Fact]
    public void No_text_whatever_keeps_the_secret() =>
        Prop.ForAll<string, string>((before, after) =>
            !new Redactor([Secret]).Redact(before + Secret + after).Contains(Secret, StringComparison.Ordinal)).QuickCheckThrowOnFailure();
}
