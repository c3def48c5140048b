using System.Security.Cryptography;
using System.Text;
using Boottify.Webhooks;

namespace Boottify.Tests.Webhooks;

public class WebhookSignatureTests
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"zen":"Keep it logically awesome."}""");

    [Fact]
    public void The_example_of_githubs_documentation_matches() =>
        WebhookSignature.Matches(
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", "It's a Secret to Everybody", "Hello, World!"u8).Should().BeTrue();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256=")]
    [InlineData("sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    [InlineData("sha256=zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    public void Anything_else_does_not(string? header) => WebhookSignature.Matches(header, "secret", Body).Should().BeFalse();

    [Fact]
    public void One_changed_byte_of_the_body_does_not()
    {
        var header = "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("secret"u8, Body));
        WebhookSignature.Matches(header, "secret", Body).Should().BeTrue();
        Body[3] ^= 1;
        WebhookSignature.Matches(header, "secret", Body).Should().BeFalse();
    }
}
