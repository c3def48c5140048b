using Docker.DotNet;
using Polly;
using Polly.Retry;

namespace Boottify.Builds;

/// <summary>
/// Short calls to the Docker Engine: the client gives each a time limit; one that finds no engine, as while it restarts, is
/// made again a few times.
/// </summary>
internal sealed class Engine(DockerClient docker, TimeProvider time)
{
    private readonly ResiliencePipeline _retries = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = 4,
            Delay = TimeSpan.FromMilliseconds(250),
            MaxDelay = TimeSpan.FromSeconds(4),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>().Handle<IOException>(),
        })
        .Build();

    /// <summary>Only for calls that may be repeated.</summary>
    /// <exception cref="PassingFaultException">No engine, several times.</exception>
    public async Task<T> CallAsync<T>(Func<DockerClient, CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await _retries.ExecuteAsync(async token => await call(docker, token), cancellation);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw new PassingFaultException($"The Docker Engine does not answer: {fault.Message}", fault);
        }
    }

    /// <inheritdoc cref="CallAsync{T}"/>
    public Task CallAsync(Func<DockerClient, CancellationToken, Task> call, CancellationToken cancellation) =>
        CallAsync(
            async (client, token) =>
            {
                await call(client, token);
                return true;
            },
            cancellation);
}
