using Boottify.Deployments;
using Boottify.Routes;

namespace Boottify.IntegrationTests.Routes;

internal static class ProbeRefusal
{
    /// <summary>Until the app answers: nodes' rules and a busy edge follow a moment later.</summary>
    public static Task UntilAnsweredAsync(this EdgeProbe probe, string host) => Patience.UntilAsync(() => probe.RefusalAsync(host), refusal => refusal is null);

    /// <returns>Why the app does not answer at each edge that can be told; null when it does.</returns>
    public static async Task<string?> RefusalAsync(this EdgeProbe probe, string host)
    {
        try
        {
            await probe.RequireAnswerAsync(host, "/", TestContext.Current.CancellationToken);
            return null;
        }
        catch (Exception refusal) when (refusal is HttpRequestException or StepException)
        {
            return refusal.Message;
        }
    }
}
