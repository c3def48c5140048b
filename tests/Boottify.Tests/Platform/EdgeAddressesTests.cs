using Boottify.Platform;
using Microsoft.Extensions.Configuration;

namespace Boottify.Tests.Platform;

public class EdgeAddressesTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData(" 192.0.2.7 ", "192.0.2.7")]
    [InlineData("192.0.2.7,192.0.2.8", "192.0.2.7|192.0.2.8")]
    [InlineData("192.0.2.8 192.0.2.7", "192.0.2.8|192.0.2.7")]
    [InlineData("192.0.2.7 ,\t2001:DB8:0:0::7  ::1", "192.0.2.7|2001:db8::7|::1")]
    public void Commas_and_spaces_part_addresses_which_are_kept_in_their_order_and_canonical_form(string text, string expected) =>
        EdgeAddresses.Parse(text).Select(address => address.ToString()).Should().Equal(expected.Split('|'));

    [Theory]
    [InlineData("", "empty entry")]
    [InlineData("  ", "empty entry")]
    [InlineData("192.0.2.7,", "empty entry")]
    [InlineData("192.0.2.7,, 192.0.2.8", "empty entry")]
    [InlineData("edge.example", "'edge.example', which is no IPv4 or IPv6 address")]
    [InlineData("192.0.2.7;192.0.2.8", "'192.0.2.7;192.0.2.8'")]
    [InlineData("192.0.2", "'192.0.2'")]
    [InlineData("192.0.2.010", "'192.0.2.010'")]
    [InlineData("3221225991", "'3221225991'")]
    [InlineData("192.0.2.7/32", "'192.0.2.7/32'")]
    [InlineData("192.0.2.7:443", "'192.0.2.7:443'")]
    [InlineData("[2001:db8::7]", "'[2001:db8::7]'")]
    [InlineData("fe80::1%eth0", "'fe80::1%eth0'")]
    [InlineData("::ffff:192.0.2.7", "Write 192.0.2.7 instead")]
    [InlineData("0.0.0.0", "nobody can be reached")]
    [InlineData("::", "nobody can be reached")]
    [InlineData("224.0.0.1", "nobody can be reached")]
    [InlineData("ff02::1", "nobody can be reached")]
    [InlineData("192.0.2.7 192.0.2.8 192.0.2.7", "192.0.2.7 twice")]
    [InlineData("2001:db8::7, 2001:0db8:0::0007", "2001:db8::7 twice")]
    public void What_cannot_be_is_told_with_what_to_do(string text, string words) =>
        FluentActions.Invoking(() => EdgeAddresses.Parse(text)).Should().Throw<InvalidOperationException>().Which.Message.Should().ContainAll("BOOTTIFY_EDGE_ADDRESS", words);

    [Theory]
    [InlineData(null, "127.0.0.1")]
    [InlineData("192.0.2.7, ::1", "192.0.2.7|::1")]
    public void The_platform_s_settings_have_them(string? text, string expected) =>
        With(text).EdgeAddresses.Select(address => address.ToString()).Should().Equal(expected.Split('|'));

    [Fact]
    public void A_platform_whose_addresses_are_wrong_does_not_start() =>
        FluentActions.Invoking(() => With("192.0.2.7, edge.example")).Should().Throw<InvalidOperationException>().WithMessage("BOOTTIFY_EDGE_ADDRESS has 'edge.example'*");

    private static PlatformSettings With(string? addresses) => PlatformSettings.From(new ConfigurationBuilder().AddInMemoryCollection(
        new[] { "BOOTTIFY_URL", "DATABASE_URL", "BOOTTIFY_DOMAIN", "BOOTTIFY_MASTER_KEY_FILE", "BOOTTIFY_REGISTRY", "BOOTTIFY_REGISTRY_USER", "BOOTTIFY_REGISTRY_PASSWORD" }
            .Select(name => KeyValuePair.Create(name, (string?)"http://set")).Append(KeyValuePair.Create("BOOTTIFY_EDGE_ADDRESS", addresses))).Build());
}
