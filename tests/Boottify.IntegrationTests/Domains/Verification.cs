using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.IntegrationTests.Engine;

namespace Boottify.IntegrationTests.Domains;

internal static class Verification
{
    /// <summary>Has a domain looked at again and again, as its owner does who waits for it.</summary>
    /// <returns>The answer that <paramref name="isThere"/> takes.</returns>
    public static Task<JsonElement> VerifyUntilAsync(this HttpClient api, TestApp app, string host, Func<JsonElement, bool> isThere) => Patience.UntilAsync(
        async () =>
        {
            var cancellation = TestContext.Current.CancellationToken;
            using var answer = await api.PostAsync(new Uri($"/api/apps/{app.Id}/domains/{host}/verify", UriKind.Relative), null, cancellation);
            answer.StatusCode.Should().Be(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(cancellation));
            return await answer.Content.ReadFromJsonAsync<JsonElement>(cancellation);
        },
        isThere);
}
