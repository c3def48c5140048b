using Boottify.Edge.Certificates;
using Boottify.Edge.Dns;
using Boottify.Edge.Routes;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

public sealed class PlatformZoneTests
{
    [Theory]
    [InlineData("a.apps.test", true)]
    [InlineData("a-b.apps.test", true)]
    [InlineData("a.b.apps.test", false)]
    [InlineData("apps.test", false)]
    [InlineData("a.myapps.test", false)]
    [InlineData("aapps.test", false)]
    [InlineData("a.apps.test.test", false)]
    public void A_wildcard_covers_exactly_one_label(string host, bool covered) =>
        CertificateName.WildcardOf(Host("apps.test")).Covers(Host(host)).Should().Be(covered);

    [Fact]
    public void Without_the_name_servers_settings_there_is_no_wildcard_and_half_of_them_is_an_error_that_names_the_other()
    {
        var settings = new Dictionary<string, string> { ["BOOTTIFY_DOMAIN"] = "Apps.test.", ["BOOTTIFY_DNS"] = "127.0.0.1:53" };
        PlatformZone.Read(settings.GetValueOrDefault).Should().BeNull();
        settings["BOOTTIFY_PDNS_URL"] = "http://127.0.0.1:8081";
        var read = () => PlatformZone.Read(settings.GetValueOrDefault);
        read.Should().Throw<InvalidOperationException>().WithMessage("*BOOTTIFY_PDNS_KEY*");
        settings["BOOTTIFY_PDNS_KEY"] = "secret";
        read()!.Domain.ToString().Should().Be("apps.test");
        read()!.ToString().Should().NotContain("secret");
        settings["BOOTTIFY_DNS"] = "name-server";
        read.Should().Throw<InvalidOperationException>().WithMessage("*BOOTTIFY_DNS*");
        (settings["BOOTTIFY_DNS"], settings["BOOTTIFY_DOMAIN"]) = ("127.0.0.1:53", "localhost");
        read().Should().BeNull("no certificate authority issues for a single label");
    }

    [Fact]
    public async Task Values_that_are_written_and_removed_side_by_side_leave_each_other_and_strangers_alone()
    {
        await using var zone = new Zone();
        await zone.InitializeAsync();
        using var records = new ChallengeZone(PlatformZone.Read(zone.Settings.GetValueOrDefault)!, TimeProvider.System);
        var name = $"_acme-challenge.{zone.Name}";
        await zone.PutTextAsync(name, "strangers");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => records.AddAsync(new ChallengeRecord(name, $"value-{i}"), CancellationToken.None)));
        (await zone.TxtAsync(name)).Should().HaveCount(9).And.Contain("strangers");
        await Task.WhenAll(Enumerable.Range(0, 8).Where(i => i != 3).Select(i => records.RemoveAsync(new ChallengeRecord(name, $"value-{i}"), CancellationToken.None)));
        (await zone.TxtAsync(name)).Should().Equal("strangers", "value-3");
        await records.RemoveAsync(new ChallengeRecord(name, "value-3"), CancellationToken.None);
        await records.RemoveAsync(new ChallengeRecord(name, "value-3"), CancellationToken.None);
        (await zone.TxtAsync(name)).Should().Equal("strangers");
    }

    private static HostName Host(string text) => HostName.TryParse(text, out var host, out _) ? host : throw new InvalidOperationException(text);
}
