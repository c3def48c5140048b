using Boottify.Apps;

namespace Boottify.Tests.Apps;

public class AppIdsTests
{
    [Fact]
    public void A_deployments_id_tells_when_it_was_made()
    {
        var now = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
        AppIds.TimeOfDeployment(AppIds.NewDeployment(now)).Should().Be(now);
    }

    [Theory]
    [InlineData("")]
    [InlineData("d245cd0a5ee0c88b236d2a2f6a49f28969ff8601")]
    [InlineData("d01m87sq!qnbv6gqpnp4")]
    [InlineData("latest")]
    public void Anything_else_tells_none(string id) => AppIds.TimeOfDeployment(id).Should().BeNull();

    [Fact]
    public void A_host_tells_its_app_and_other_names_tell_none()
    {
        var id = AppIds.New();
        AppNames.AppOfHost(AppNames.Of(id, "My Shop").Host("example.test"), "example.test").Should().Be(id);
        foreach (var other in new[] { id + ".example.test", $"shop-{id}.example.org", "www.example.test", "ns1-primary.example.test", "shop-" + id, $"shop-{id}.sub.example.test" })
            AppNames.AppOfHost(other, "example.test").Should().BeNull(other);
    }
}
