using Boottify.Dns;
using Boottify.Dns.DynamicUpdate;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.Tests.Dns;

public class UpdateSettingsTests
{
    private readonly Dictionary<string, string?> settings = new(StringComparer.Ordinal)
    {
        ["BOOTTIFY_DNS"] = "127.0.0.1:53",
        ["BOOTTIFY_DOMAIN"] = "apps.test",
        ["BOOTTIFY_PDNS_URL"] = "http://127.0.0.1:8081",
        ["BOOTTIFY_PDNS_KEY"] = "pdns",
        ["BOOTTIFY_DNS_UPDATE_SERVER"] = "ns.example:53",
        ["BOOTTIFY_DNS_UPDATE_KEY_NAME"] = "boottify",
        ["BOOTTIFY_DNS_UPDATE_KEY"] = Signer.Secret,
    };

    [Fact]
    public void The_server_for_updates_goes_before_PowerDNS() => Zone().Should().BeOfType<UpdateZone>();

    [Fact]
    public void It_needs_no_PowerDNS()
    {
        settings["BOOTTIFY_PDNS_URL"] = settings["BOOTTIFY_PDNS_KEY"] = null;
        Zone().Should().BeOfType<UpdateZone>();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_it_PowerDNS_is_written_to(string? none)
    {
        settings["BOOTTIFY_DNS_UPDATE_SERVER"] = settings["BOOTTIFY_DNS_UPDATE_KEY_NAME"] = settings["BOOTTIFY_DNS_UPDATE_KEY"] = none;
        Zone().Should().BeOfType<PowerDnsZone>();
    }

    [Theory]
    [InlineData("BOOTTIFY_DNS_UPDATE_SERVER", null)]
    [InlineData("BOOTTIFY_DNS_UPDATE_SERVER", "ns.example")]
    [InlineData("BOOTTIFY_DNS_UPDATE_KEY_NAME", null)]
    [InlineData("BOOTTIFY_DNS_UPDATE_KEY_NAME", "a key")]
    [InlineData("BOOTTIFY_DNS_UPDATE_KEY", null)]
    [InlineData("BOOTTIFY_DNS_UPDATE_KEY", "s3cret!")]
    public void What_is_missing_or_malformed_is_named_and_the_key_never_quoted(string name, string? value)
    {
        settings[name] = value;
        var error = FluentActions.Invoking(Zone).Should().Throw<InvalidOperationException>().WithMessage($"*{name}*").Which;
        error.ToString().Should().NotContain("s3cret!").And.NotContain(Signer.Secret);
    }

    [Fact]
    public void The_key_is_in_no_text_of_them()
    {
        var update = new UpdateSettings("ns.example", 53, TsigKey.Of("boottify", Signer.Secret));
        $"{update} {update.Key}".Should().Be("ns.example:53 with the key boottify boottify");
    }

    private IDnsZone Zone()
    {
        using var services = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddLogging()
            .AddDnsZone(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())
            .BuildServiceProvider();
        return services.GetRequiredService<IDnsZone>();
    }
}
