using Boottify.Domains;
using Microsoft.Extensions.Configuration;

namespace Boottify.Tests.Domains;

public sealed class DomainSettingsTests
{
    [Fact]
    public void Name_servers_have_half_a_minute_unless_told_otherwise()
    {
        With(null).LookLimit.Should().Be(TimeSpan.FromSeconds(30));
        With("7").LookLimit.Should().Be(TimeSpan.FromSeconds(7));
        FluentActions.Invoking(() => With("60")).Should().Throw<InvalidOperationException>().WithMessage("*BOOTTIFY_DOMAIN_LOOK_SECONDS*1 to 45*");
    }

    private static DomainSettings With(string? seconds) => DomainSettings.From(new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal) { ["BOOTTIFY_DNS"] = "127.0.0.1:53", ["BOOTTIFY_DOMAIN_LOOK_SECONDS"] = seconds }).Build());
}
