using System.Net;
using Boottify.Dns.DynamicUpdate;
using FsCheck;
using FsCheck.Fluent;

namespace Boottify.Tests.Dns;

public class UpdateMessageTests
{
    // RFC 2136, section 2, byte by byte; put together by another program than this one.
    private const string Zone = "04617070730474657374000006" + "0001";
    private const string Shop = "0473686f70046170707304746573" + "7400";

    [Fact]
    public void An_update_removes_both_record_sets_and_adds_the_addresses_in_one_message() =>
        Hex(WireRequest.Update(0x1234, "apps.test", "shop.apps.test", [IPAddress.Parse("192.0.2.7"), IPAddress.Parse("2001:db8::7")], clearsIPv6: false, 60).Bytes)
            .Should().Be("123428000001000000040000" + Zone + Shop + "000100ff000000000000" + Shop + "001c00ff000000000000"
                + Shop + "000100010000003c0004c0000207" + Shop + "001c00010000003c001020010db8000000000000000000000007");

    [Fact]
    public void A_removal_is_the_first_half_of_it() =>
        Hex(WireRequest.Update(0x1234, "apps.test", "shop.apps.test", [], clearsIPv6: true, 60).Bytes)
            .Should().Be("123428000001000000020000" + Zone + Shop + "000100ff000000000000" + Shop + "001c00ff000000000000");

    [Fact]
    public void What_has_no_AAAA_record_and_gets_none_is_changed_with_a_key_for_A_records_alone()
    {
        Hex(WireRequest.Update(0x1234, "apps.test", "shop.apps.test", [IPAddress.Parse("192.0.2.7")], clearsIPv6: false, 60).Bytes)
            .Should().Be("123428000001000000020000" + Zone + Shop + "000100ff000000000000" + Shop + "000100010000003c0004c0000207");
        Hex(WireRequest.Update(0x1234, "apps.test", "shop.apps.test", [], clearsIPv6: false, 60).Bytes)
            .Should().Be("123428000001000000010000" + Zone + Shop + "000100ff000000000000");
    }

    [Fact]
    public void A_transfer_asks_for_all_of_the_zone() =>
        Hex(WireRequest.Transfer(0x1234, "apps.test").Bytes).Should().Be("123400000001000000000000" + "0461707073047465737400" + "00fc0001");

    [Theory]
    [InlineData("a..b")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123.test")]
    public void What_is_no_domain_name_is_not_written(string name) =>
        FluentActions.Invoking(() => new WireWriter().Name(name)).Should().Throw<FormatException>();

    [Fact]
    public void Names_are_read_through_pointers()
    {
        // The zone's name stands at 12; "Shop" and a pointer to it follow, with an address.
        byte[] message = [0x12, 0x34, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0, .. Signer.Name("apps.test"), 0, 252, 0, 1, 4, .. "Shop"u8, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7];
        var record = WireMessage.Parse(message).Records.Should().ContainSingle().Which;
        record.Name.Should().Be("shop.apps.test");
        record.Data.ToArray().Should().Equal(192, 0, 2, 7);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(14)]
    [InlineData(200)]
    public void A_pointer_that_does_not_lead_back_is_refused(byte target)
    {
        byte[] message = [0x12, 0x34, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, target, 0, 252, 0, 1];
        FluentActions.Invoking(() => WireMessage.Parse(message)).Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void Whatever_comes_is_read_or_refused()
    {
        // Bytes that are often lengths, pointers and types, behind a header that promises some records.
        var body = Gen.Elements<byte>(0, 0, 1, 4, 6, 12, 16, 63, 64, 97, 192, 193, 250, 255).ArrayOf();
        Prop.ForAll(body.ToArbitrary(), bytes =>
        {
            try
            {
                return WireMessage.Parse([0, 1, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 1, .. bytes]).IsResponse;
            }
            catch (InvalidDataException)
            {
                return true;
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_signature_anywhere_but_at_the_end_is_refused()
    {
        byte[] tsig = [0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0];
        byte[] message = [0, 1, 0x84, 0, 0, 0, 0, 0, 0, 0, 0, 2, .. tsig, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0];
        FluentActions.Invoking(() => WireMessage.Parse(message)).Should().Throw<InvalidDataException>().WithMessage("*signature*");
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
