using System.Text.Json;
using Boottify.Deployments;
using Boottify.Logs;
using Docker.DotNet;
using Docker.DotNet.Models;
using Polly;
using Polly.Retry;

namespace Boottify.Builds;

/// <summary>Pushes one tag and tells the digest that the registry knows it by.</summary>
internal sealed class ImagePush(DockerClient docker, BuildSettings settings, TimeProvider time)
{
    private static readonly string[] Worth = ["Pushed", "Layer already exists", "Mounted from"];

    private readonly ResiliencePipeline _retries = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = 3,
            Delay = TimeSpan.FromMilliseconds(500),
            MaxDelay = TimeSpan.FromSeconds(5),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = new PredicateBuilder().Handle<PassingFaultException>().Handle<HttpRequestException>(),
        })
        .Build();

    /// <param name="repository">With the registry's address.</param>
    /// <exception cref="StepException">The registry refuses; its words are quoted.</exception>
    /// <exception cref="PassingFaultException">The registry could not be reached, several times.</exception>
    public async Task<string> RunAsync(string repository, string tag, ILogSink log, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(settings.PushTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            return await _retries.ExecuteAsync(async token => await OnceAsync(repository, tag, log, token), both.Token);
        }
        catch (OperationCanceledException fault) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new PassingFaultException($"Pushing to the registry {settings.Registry} took longer than {settings.PushTimeout.TotalSeconds:0} s.", fault);
        }
    }

    public static LostResultException Gone(Exception? fault = null) =>
        new(Step.Build, "The image to push is not on this machine any more.", fault);

    private async Task<string> OnceAsync(string repository, string tag, ILogSink log, CancellationToken cancellation)
    {
        var messages = new Collected();
        var account = new AuthConfig { Username = settings.RegistryUser, Password = settings.RegistryPassword, ServerAddress = settings.Registry };
        try
        {
            await docker.Images.PushImageAsync(repository, new ImagePushParameters { Tag = tag }, account, messages, cancellation);
        }
        catch (DockerApiException fault) when (fault.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            throw Gone(fault);
        }

        string? digest = null;
        foreach (var message in messages.All)
        {
            if (message.Error?.Message is { } error)
                throw Failure(error);
            if (message.Aux?.ExtensionData?.TryGetValue("Digest", out var found) == true)
                digest = found is JsonElement element ? element.GetString() : found?.ToString();
            if (message is { ID.Length: > 0, Status: { } status } && Worth.Any(w => status.StartsWith(w, StringComparison.Ordinal)))
                await log.WriteAsync(LogOrigin.System, $"{message.ID}: {status}", cancellation);
        }

        return digest ?? throw new PassingFaultException($"The Docker Engine gave no digest for {repository}:{tag}.");
    }

    private Exception Failure(string error)
    {
        if (error.Contains("unauthorized", StringComparison.OrdinalIgnoreCase) || error.Contains("denied", StringComparison.OrdinalIgnoreCase))
            return new StepException($"The registry {settings.Registry} refuses the push: {error}. Its account is set by BOOTTIFY_REGISTRY_USER and BOOTTIFY_REGISTRY_PASSWORD.");
        // Older engines say so only once the push has begun.
        return error.Contains("does not exist locally", StringComparison.OrdinalIgnoreCase)
            ? Gone()
            : new PassingFaultException($"Pushing to the registry {settings.Registry} failed: {error}");
    }

    // A push has some messages for each layer: they are few, and come in order.
    private sealed class Collected : IProgress<JSONMessage>
    {
        public List<JSONMessage> All { get; } = [];

        public void Report(JSONMessage value)
        {
            if (value.Progress?.Current is null or 0 || value.Error is not null)
                All.Add(value);
        }
    }
}
