using System.Text.Json;

namespace Boottify.IntegrationTests.Domains;

public sealed class FailedOrderTests(HastyPlatform hasty) : DomainScenario(hasty)
{
    [Fact]
    public async Task An_order_that_failed_is_tried_at_once_when_its_owner_has_mended_what_was_wrong_and_says_so()
    {
        var app = await AppAsync();
        await ServedAsync(app, Www); // As far as it goes without a deployment.
        await Zone.SetAsync(Www, "A", "127.0.0.99"); // Where nobody listens.
        await RouteAsync(app);
        await UntilAsync(app, Www, d => Status(d) == "failed" && NextAttempt(d) > DateTimeOffset.UtcNow.AddSeconds(30));

        await Zone.SetAsync(Www, "A", "127.0.0.1");
        var verified = await VerifyUntilAsync(app, Www, d => Status(d) != "failed");
        Status(verified).Should().BeOneOf("issuing", "active");
        await UntilAsync(app, Www, d => Status(d) == "active");
    }

    private static DateTimeOffset NextAttempt(JsonElement domain) => domain.GetProperty("nextAttempt").GetDateTimeOffset();
}
