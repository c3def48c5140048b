using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace Boottify.Platform;

internal static class BoundedRetries
{
    /// <summary>
    /// Time limits for a call and for each of its attempts, of which there are up to four, with jitter between. There is no
    /// circuit breaker: these are the platform's own parts, and work that found one away repeats it with pauses of its own. A
    /// breaker that such repetitions have opened would refuse the first calls to a part that is back.
    /// </summary>
    public static IHttpClientBuilder AddBoundedRetries(this IHttpClientBuilder client, TimeSpan attempt, TimeSpan total)
    {
        client.AddResilienceHandler("bounded-retries", pipeline => pipeline.AddTimeout(total).AddRetry(new HttpRetryStrategyOptions()).AddTimeout(attempt));
        return client;
    }
}
