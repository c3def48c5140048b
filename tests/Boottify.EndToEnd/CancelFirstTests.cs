using System.Text.Json;

namespace Boottify.EndToEnd;

/// <summary>Cancelled in each state: an app's first deployment.</summary>
public sealed class CancelFirstTests(Platform platform, ITestOutputHelper output)
{
    private readonly Cancellation cancellation = new(platform, output);

    [Theory]
    [MemberData(nameof(DeploymentState.All), MemberType = typeof(DeploymentState))]
    public async Task Of_a_first_deployment_nothing_is_left(string state)
    {
        for (var tries = 1; tries <= Cancellation.Tries; tries++)
        {
            await using var app = await platform.CreateAppAsync(DeploymentState.Code(state, $"one {tries}"), $"Cancelled while {state}");
            if (await cancellation.IfAsync(app, state) is not { } cancelled)
                continue;

            (await Traces.OfDeploymentAsync(app, cancelled.Id, app.Source.Head)).Should().BeEmpty();
            (await Traces.OfServingAsync(app)).Should().BeEmpty();
            using var api = await platform.Api.GetAsync($"api/apps/{app.Id}/releases", Platform.Deadline());
            (await api.ReadAsync<Listed<JsonElement>>()).Items.Should().BeEmpty();

            // The way is free for the next one.
            var next = await app.PushAsync(DeploymentState.Clean("two"));
            next.Status.Should().Be("succeeded", next.Error);
            await app.ShouldServeAsync(next, "two");
            return;
        }

        Assert.Fail($"No deployment was met while {state} in {Cancellation.Tries} tries.");
    }
}
