using Boottify.Cluster;
using Microsoft.Extensions.Configuration;

namespace Boottify.Tests.Cluster;

public class ClusterSettingsTests
{
    [Fact]
    public void One_message_names_everything_that_is_missing() =>
        FluentActions.Invoking(() => ClusterSettings.From(new ConfigurationBuilder().Build())).Should().Throw<InvalidOperationException>()
            .Which.Message.Should().ContainAll("KUBECONFIG", "BOOTTIFY_DOMAIN", "DATABASE_URL", "BOOTTIFY_APP_DATABASE_HOST", "BOOTTIFY_EDGE_ADDRESS", "ops/up");

    [Fact]
    public void A_platform_is_known_again_after_a_change_of_password_and_told_from_another()
    {
        var one = ClusterSettings.InstanceOf("apps.example", "postgres://u:one@h:5432/boottify");
        ClusterSettings.InstanceOf("apps.example", "postgres://u:two@h:5432/boottify").Should().Be(one).And.MatchRegex("^b[0-9a-f]{12}$");
        ClusterSettings.InstanceOf("apps.example", "postgres://u:one@h:5433/boottify").Should().NotBe(one);
    }

    [Theory]
    [InlineData("1", "30", 30, true)]
    [InlineData("1", "29+", 30, false)]
    [InlineData("1", "31+", 30, true)]
    [InlineData("", "", 24, false)]
    [InlineData(null, null, 24, false)]
    [InlineData("2", "0", 30, true)]
    public void A_version_is_read_as_vendors_write_it(string? major, string? minor, int wanted, bool expected) =>
        ClusterInspection.IsAtLeast(major, minor, wanted).Should().Be(expected);

    [Theory]
    [InlineData("nothing")]
    [InlineData(":5432")]
    [InlineData("host:99999")]
    public void An_address_of_another_form_is_refused_by_name(string value) =>
        FluentActions.Invoking(() => RequiredSettings.HostAndPort("BOOTTIFY_DNS", value)).Should().Throw<InvalidOperationException>().WithMessage($"BOOTTIFY_DNS is '{value}'*");
}
