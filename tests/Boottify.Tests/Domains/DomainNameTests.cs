using Boottify.Cluster;
using Boottify.Domains;
using Boottify.Platform;

namespace Boottify.Tests.Domains;

public sealed class DomainNameTests
{
    private static readonly PlatformSettings Settings = new(
        new Uri("http://localhost"), "", "apps.example", EdgeAddresses.Parse("192.0.2.7"), 80, 443, null, "", new RegistryAccess("r", "u", "p"), 1);

    [Theory]
    [InlineData("shop.example.com", "shop.example.com")]
    [InlineData("SHOP.Example.Com", "shop.example.com")]
    [InlineData("shop.example.com.", "shop.example.com")]
    [InlineData("bücher.example", "xn--bcher-kva.example")]
    [InlineData("BÜCHER.example", "xn--bcher-kva.example")]
    [InlineData("bu\u0308cher.example", "xn--bcher-kva.example")]
    [InlineData("xn--bcher-kva.example", "xn--bcher-kva.example")]
    [InlineData("XN--BCHER-KVA.example", "xn--bcher-kva.example")]
    [InlineData("faß.example", "xn--fa-hia.example")]
    [InlineData("例え。テスト", "xn--r8jz45g.xn--zckzah")]
    public void A_name_has_one_form_however_it_is_written(string written, string stored)
    {
        DomainName.TryParse(written, Settings, out var host, out var problem).Should().BeTrue(problem);
        host.Should().Be(stored);
    }

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("", "empty")]
    [InlineData(".", "empty")]
    [InlineData("*.example.com", "wildcard")]
    [InlineData("localhost", "single label")]
    [InlineData("192.0.2.1", "address")]
    [InlineData("2001:db8::1", "address")]
    [InlineData("shop.example.com..", "dot")]
    [InlineData("shop..example.com", "empty")]
    [InlineData("shop.example.com\n", "letter, digit")]
    [InlineData("shop.example.com;", "letter, digit")]
    [InlineData("shop\".example.com", "letter, digit")]
    [InlineData("../../etc/passwd", "empty")]
    [InlineData("shop.example.com/..", "dot")]
    [InlineData("-shop.example.com", "hyphen")]
    [InlineData("bü cher.example", "registrar")]
    [InlineData("xn--a.example", "registrar")]
    [InlineData("apps.example", "this platform")]
    [InlineData("other-app.Apps.Example", "this platform")]
    public void A_name_that_cannot_be_one_is_refused_with_what_to_send(string? written, string words)
    {
        DomainName.TryParse(written, Settings, out _, out var problem).Should().BeFalse();
        problem.Should().Contain(words);
        if (written is { Length: > 9 })
            problem.Should().NotContain(written, "hostile text comes back in no answer");
    }

    [Theory]
    [InlineData(300)]
    [InlineData(248)]
    [InlineData(100_000)]
    public void A_name_that_is_too_long_is_refused(int length)
    {
        var name = string.Join('.', Enumerable.Repeat(new string('a', 49), length / 50)).PadLeft(length - 4, 'b') + ".com";
        DomainName.TryParse(name, Settings, out _, out var problem).Should().BeFalse();
        problem.Should().NotBeNull();
    }

    [Fact]
    public void Letters_that_only_look_alike_are_another_name_and_shown_as_what_they_are()
    {
        DomainName.TryParse("аpple.com", Settings, out var host, out _).Should().BeTrue();
        host.Should().Be("xn--pple-43d.com");
        DomainName.ToUnicode("xn--bcher-kva.example").Should().Be("bücher.example");
        DomainName.ToUnicode("shop.example.com").Should().Be("shop.example.com");
    }
}
