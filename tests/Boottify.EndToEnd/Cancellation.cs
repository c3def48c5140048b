using System.Net;

namespace Boottify.EndToEnd;

/// <summary>
/// Cancels a deployment in a given state. Which one was hit is read from the history afterwards; a short one is tried for again,
/// and the test fails if it is never met.
/// </summary>
internal sealed class Cancellation(Platform platform, ITestOutputHelper output)
{
    public const int Tries = 10;

    /// <returns>The cancelled deployment; null when the cancellation came in another state, or too late.</returns>
    public async Task<Deployment?> IfAsync(DeployableApp app, string state, Func<Task<string>>? begin = null)
    {
        var answer = HttpStatusCode.Accepted;
        var (deployment, hit) = await DeploymentState.ActInAsync(platform, app, state, CancelAsync, begin);
        if (hit is null)
            return null;
        var ended = await app.EndOfAsync(deployment);
        ended.Status.Should().Be(answer == HttpStatusCode.Accepted ? "cancelled" : "succeeded", "who was told that it is cancelled can rely on that");
        output.WriteLine($"{deployment}: wanted {state}, hit {hit}, ended {ended.Status}");
        return answer == HttpStatusCode.Accepted && hit == state ? ended : null;

        async Task CancelAsync(string id)
        {
            using var response = await platform.Api.PostAsync($"api/deployments/{id}/cancel", null, Platform.Deadline());
            response.StatusCode.Should().BeOneOf(HttpStatusCode.Accepted, HttpStatusCode.Conflict);
            answer = response.StatusCode;
        }
    }
}
