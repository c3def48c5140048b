using Boottify.Dns.DynamicUpdate;

namespace Boottify.IntegrationTests.Dns;

/// <summary>BIND says what is wrong with a signature.</summary>
public sealed class BindUpdateTests(OwnBind server) : DynamicUpdateTests(server), IClassFixture<OwnBind>
{
    [Fact]
    public async Task Another_secret_under_the_key_s_name_is_told_so() =>
        await Refused(Zone(key: Convert.ToBase64String(new byte[32])), "*BADSIG: it knows the key boottify with another secret than BOOTTIFY_DNS_UPDATE_KEY.");

    [Fact]
    public async Task A_key_that_the_server_does_not_know_is_told_so() => await Refused(Zone(keyName: "nobody"), "*BADKEY: it does not know the key nobody of BOOTTIFY_DNS_UPDATE_KEY_NAME*");

    [Fact]
    public async Task A_key_that_may_not_read_the_zone_is_told_so() => await RefusedTransfer("*: REFUSED: the key boottify may not transfer zone closed.test*allow-transfer*");

    [Fact]
    public async Task A_key_for_A_records_alone_is_enough_while_no_address_is_IPv6_and_is_told_so_then()
    {
        var (zone, token) = (Zone(keyName: OwnBind.LimitedName), TestContext.Current.CancellationToken);
        await zone.PublishAsync(Host, "127.0.0.1, 127.0.0.2", token);
        await zone.WithdrawAsync(Host, token);
        await zone.WithdrawAsync(Host, token);
        await zone.PublishAsync(Host, "127.0.0.3", token);
        (await FluentActions.Awaiting(() => zone.PublishAsync(Host, "127.0.0.1, ::1", token)).Should().ThrowAsync<ZoneRefusedException>()).WithMessage("*may not update*A and AAAA*");
    }

    [Theory]
    [InlineData(-20)]
    [InlineData(20)]
    public async Task A_clock_that_is_off_is_told_with_the_server_s_time(int minutes) =>
        await Refused(Zone(time: new OffClock(TimeSpan.FromMinutes(minutes))), "*BADTIME: its clock says 20*, and here it is *Set both right.");
}
