using System.Net;
using Boottify.Dns.DynamicUpdate;
using Microsoft.Extensions.Time.Testing;

namespace Boottify.Tests.Dns;

public class TsigTests
{
    // HMAC-SHA256 over the update and the TSIG variables, made by another program than this one.
    private const string Mac = "80b747814a083ea479d70f6b422b6dafb82f41012d592c433b6c08e2d8209da6";

    private readonly TsigSession session = new(TsigKey.Of("Boottify.", Signer.Secret), new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(Signer.Now)));
    private readonly byte[] request;
    private readonly byte[] mac = Convert.FromHexString(Mac);

    public TsigTests() => request = session.Sign(WireRequest.Update(0x1234, "apps.test", "shop.apps.test", [IPAddress.Parse("192.0.2.7")], clearsIPv6: false, 60));

    [Fact]
    public void A_request_ends_with_its_signature()
    {
        var read = WireMessage.Parse(request);
        read.Tsig!.Name.Should().Be("boottify");
        var tsig = TsigData.Read(read);
        (tsig.Algorithm, tsig.Signed, tsig.Fudge, tsig.OriginalId, tsig.Error).Should().Be(("hmac-sha256", Signer.Now, 300, 0x1234, 0));
        Convert.ToHexStringLower(tsig.Mac.Span).Should().Be(Mac);
        read.Records.Should().HaveCount(2);
    }

    [Fact]
    public void An_answer_that_is_signed_with_the_key_is_believed()
    {
        session.Verified.Should().BeFalse();
        session.Verify(Signer.Sign(Signer.Answer(), mac).Message);
        session.Verified.Should().BeTrue();
    }

    [Fact]
    public void An_answer_is_believed_that_a_forwarder_gave_another_id()
    {
        var signed = Signer.Sign(Signer.Answer(), mac).Message;
        signed.Bytes[0] ^= 0xff;
        session.Verify(WireMessage.Parse(signed.Bytes));
        session.Verified.Should().BeTrue();
    }

    [Fact]
    public void Any_bit_that_is_changed_in_it_is_noticed()
    {
        var signed = Signer.Sign(Signer.Answer(), mac).Message;
        for (var at = 2; at < signed.Tsig!.Start; at++)
        {
            var changed = signed.Bytes.ToArray();
            changed[at] ^= 1;
            FluentActions.Invoking(() => session.Verify(WireMessage.Parse(changed))).Should().Throw<Exception>($"byte {at} is another")
                .Which.Should().Match(e => e is ZoneRefusedException || e is InvalidDataException);
        }

        session.Verified.Should().BeFalse();
    }

    [Fact]
    public void An_answer_to_another_request_is_refused() => Refused(Signer.Sign(Signer.Answer(), new byte[32]), "*not made with our key*");

    [Fact]
    public void Another_secret_is_refused() => Refused(Signer.Sign(Signer.Answer(), mac, secret: "AAAA"), "*not made with our key*");

    [Fact]
    public void A_signature_that_is_cut_short_is_refused() => Refused(Signer.Sign(Signer.Answer(), mac, mac: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), "*not made with our key*");

    [Fact]
    public void An_empty_signature_is_refused() => Refused(Signer.Sign(Signer.Answer(), mac, mac: []), "*not made with our key*");

    [Fact]
    public void Another_key_is_refused() => Refused(Signer.Sign(Signer.Answer(), mac, key: "other"), "*other*not with boottify*");

    [Fact]
    public void Another_algorithm_is_refused() => Refused(Signer.Sign(Signer.Answer(), mac, algorithm: "hmac-md5"), "*hmac-md5*");

    [Fact]
    public void No_signature_is_refused() => Refused((WireMessage.Parse(Signer.Answer()), []), "*not signed*");

    [Fact]
    public void One_of_another_time_is_refused() => Refused(Signer.Sign(Signer.Answer(), mac, signed: Signer.Now - 301), "*2025-06-15 15:01:39Z*clocks*");

    [Fact]
    public void What_the_server_says_of_our_signature_is_told_in_words()
    {
        Refused(Signer.Sign(Signer.Answer(code: 9), mac, error: 16, mac: []), "BADSIG*BOOTTIFY_DNS_UPDATE_KEY*");
        Refused(Signer.Sign(Signer.Answer(code: 9), mac, error: 17, mac: []), "BADKEY*boottify*BOOTTIFY_DNS_UPDATE_KEY_NAME*");
        Refused(Signer.Sign(Signer.Answer(code: 9), mac, error: 18, other: Signer.Number(Signer.Now + 3600, 6)), "BADTIME*16:06:40Z*15:06:40Z*");
    }

    [Fact]
    public void Later_messages_are_covered_with_those_before_them()
    {
        var (first, firstMac) = Signer.Sign(Signer.Answer(), mac);
        session.Verify(first);
        session.Verify(WireMessage.Parse(Signer.Answer(code: 1)));
        session.Verified.Should().BeFalse("one is not covered yet");
        session.Verify(Signer.Sign(Signer.Answer(), firstMac, unsigned: [Signer.Answer(code: 1)], timers: true).Message);
        session.Verified.Should().BeTrue();
        session.Verify(WireMessage.Parse(Signer.Answer(code: 1)));
        Refused(Signer.Sign(Signer.Answer(), firstMac, timers: true), "*not made with our key*");
    }

    private void Refused((WireMessage Message, byte[] Mac) answer, string words) =>
        FluentActions.Invoking(() => session.Verify(answer.Message)).Should().Throw<ZoneRefusedException>().WithMessage(words);
}
