using System.Net;
using System.Text.Json;
using Boottify.Deployments;
using k8s;
using k8s.Autorest;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Boottify.Cluster;

/// <summary>
/// Calls to the API server: each try has a deadline, passing faults are tried again with growing, jittered pauses, and a
/// refusal becomes words.
/// </summary>
internal sealed class ClusterApi(IKubernetes client)
{
    public const string FieldManager = "boottify";

    private static readonly TimeSpan TryTimeout = TimeSpan.FromSeconds(15);

    private readonly ResiliencePipeline pipeline = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = arguments => ValueTask.FromResult(IsPassing(arguments.Outcome.Exception)),
            MaxRetryAttempts = 5,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(200),
            MaxDelay = TimeSpan.FromSeconds(5),
        })
        .AddTimeout(TryTimeout)
        .Build();

    public IKubernetes Client => client;

    /// <exception cref="StepException">The API server refuses; its own message is quoted.</exception>
    public async Task<T> CallAsync<T>(string what, Func<IKubernetes, CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await pipeline.ExecuteAsync(async token => await call(client, token), cancellation);
        }
        catch (HttpOperationException refused) when (IsRefusal(refused))
        {
#pragma warning disable MA0054 // It holds the request, and a request may hold a secret.
            throw new StepException($"The cluster refused {what}: {Words(refused)}");
        }
        catch (OperationCanceledException late) when (late.InnerException is TimeoutException && !cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException($"The cluster does not answer: no connection for {what} within seconds.", late);
        }
        catch (HttpOperationException failed)
        {
            throw new HttpRequestException($"The cluster failed at {what}: {Words(failed)}", inner: null, failed.Response.StatusCode);
#pragma warning restore MA0054
        }
    }

    /// <summary>As <see cref="CallAsync"/>, with null for what is not there.</summary>
    public Task<T?> FindAsync<T>(string what, Func<IKubernetes, CancellationToken, Task<T>> call, CancellationToken cancellation)
        where T : class =>
        CallAsync<T?>(
            what,
            async (api, token) =>
            {
                try
                {
                    return await call(api, token);
                }
                catch (HttpOperationException missing) when (missing.Response.StatusCode == HttpStatusCode.NotFound)
                {
                    return null;
                }
            },
            cancellation);

    /// <summary>
    /// Deletes what may be gone already. The fence is asked right before, at each try: unlike a write against a version, the API
    /// server refuses no deletion for being late.
    /// </summary>
    public Task DeleteAsync<T>(
        string what, Func<IKubernetes, CancellationToken, Task<T>> delete, CancellationToken cancellation, Func<CancellationToken, Task>? fence = null)
        where T : class =>
        FindAsync(
            what,
            async (api, token) =>
            {
                if (fence is not null)
                    await fence(token);
                return await delete(api, token);
            },
            cancellation);

    public static bool IsPassing(Exception? exception) => exception switch
    {
        HttpOperationException answer => answer.Response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
            || (int)answer.Response.StatusCode >= 500,
        HttpRequestException or IOException or TimeoutRejectedException => true,
        // The HTTP client's way to say that no connection came about in time.
        OperationCanceledException { InnerException: TimeoutException } => true,
        _ => false,
    };

    private static bool IsRefusal(HttpOperationException exception) =>
        exception.Response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.NotFound
            or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity;

    private static string Words(HttpOperationException exception)
    {
        try
        {
            using var status = JsonDocument.Parse(exception.Response.Content);
            if (status.RootElement.TryGetProperty("message", out var message) && message.GetString() is { Length: > 0 } text)
                return text;
        }
        catch (JsonException)
        {
            // Something between us and the API server answered.
        }

        return $"HTTP status {(int)exception.Response.StatusCode}";
    }
}
