namespace Boottify.IntegrationTests.Dns;

/// <summary>PowerDNS 4.7 refuses without a signature and without a reason.</summary>
public sealed class PowerDnsUpdateTests(OwnPowerDns server) : DynamicUpdateTests(server), IClassFixture<OwnPowerDns>
{
    [Fact]
    public async Task Another_secret_under_the_key_s_name_is_told_so() =>
        await Refused(Zone(key: Convert.ToBase64String(new byte[32])), "*REFUSED*key boottify*BOOTTIFY_DNS_UPDATE_KEY*clocks*");

    [Fact]
    public async Task A_key_that_the_server_does_not_know_is_told_so() => await Refused(Zone(keyName: "nobody"), "*REFUSED*know the key nobody*");

    [Fact]
    public async Task A_key_that_may_not_read_the_zone_is_told_so() => await RefusedTransfer("*NOTAUTH*TSIG-ALLOW-AXFR*");
}
