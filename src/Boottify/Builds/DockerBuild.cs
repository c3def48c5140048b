using System.Text.RegularExpressions;
using Boottify.Deployments;
using Boottify.Logs;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Boottify.Builds;

/// <summary>One build through the engine's build stream, with limits, its output going to the log line by line.</summary>
internal sealed partial class DockerBuild(
    DockerClient docker, Engine engine, BuildContainers containers, CacheUses cache, LayerImages layers, BuildSettings settings, TimeProvider time, ILogger<DockerBuild> logger)
{
    /// <summary>Exit code of a command that was ended by SIGKILL.</summary>
    private const int Killed = 137;

    private static readonly TimeSpan CleanUpTime = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Builds and tags. Whatever ends it, no container of it is left. An image is there only after success.
    /// </summary>
    /// <exception cref="StepException">A command failed, or a limit was met.</exception>
    /// <exception cref="PassingFaultException">The engine is away, or the registry that an image is pulled from.</exception>
    public async Task RunAsync(
        BuildRequest request, SourceFolder folder, IReadOnlyDictionary<string, string> added, string tag, ILogSink log, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(settings.BuildTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        var run = Guid.NewGuid().ToString("N")[..8];
        var parameters = Parameters(request, run, added.Count > 0 ? Dockerfiles.FileName : "Dockerfile", tag);
        var ended = false;
        var running = cache.Follow();
        try
        {
            // A build cannot be repeated half-way: whether there is an engine is found out before it.
            await engine.CallAsync((client, token) => client.System.PingAsync(token), both.Token);
            await BuildContext.StreamAsync(
                folder,
                added,
                async context =>
                {
#pragma warning disable CS0618 // The other overload reports without waiting: a build that floods its log would fill the memory.
                    await using var answer = await docker.Images.BuildImageFromDockerfileAsync(context, parameters, both.Token);
#pragma warning restore CS0618
                    await FollowAsync(answer, request, running, log, both.Token);
                    return true;
                },
                both.Token);
            ended = true;
        }
        catch (OperationCanceledException fault) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new StepException($"The build took longer than {Text(settings.BuildTimeout)} and was stopped.", fault);
        }
        catch (DockerApiException fault) when ((int)fault.StatusCode is >= 400 and < 500)
        {
            throw new StepException($"The build could not start: {EngineErrors.Words(fault)}", fault);
        }
        finally
        {
            if (!ended)
                await RemoveLeftoversAsync(request, run, running.RunsIn);
            running.Dispose();
        }
    }

    // The stream is closed by now, which ends the build in the engine. What made it end is to be told, whatever happens here.
    private async Task RemoveLeftoversAsync(BuildRequest request, string run, string? ranIn)
    {
        var deploymentId = request.DeploymentId;
        using var patience = new CancellationTokenSource(CleanUpTime, time);
        try
        {
            await containers.EnsureGoneAsync(deploymentId, patience.Token, run);
            // The stage that failed leaves what it had built so far as cache; what it began with is not ours.
            if (ranIn is not null && await layers.IsIntermediateAsync(ranIn, patience.Token))
                cache.Note(ranIn, request.AppId);
        }
        catch (Exception fault) when (fault is PassingFaultException or OperationCanceledException or DockerApiException)
        {
            logger.LogWarning(fault, "Containers of the build of {Deployment} may be left; cleaning up after the deployment removes them", deploymentId);
        }
    }

    private async Task FollowAsync(Stream answer, BuildRequest request, CacheUses.Running running, ILogSink log, CancellationToken cancellation)
    {
        var output = new BuildOutput();
        await foreach (var message in EngineMessage.ReadAsync(answer, cancellation))
        {
            if (message.Stream is { } piece)
            {
                foreach (var line in output.Take(piece))
                {
                    running.Saw(line);
                    await WriteAsync(line, output, request, running, log, cancellation);
                }
            }
            else if (message is { Status: { Length: > 0 } status, Progress: null or "" })
            {
                await log.WriteAsync(LogOrigin.System, message.Id is { Length: > 0 } id ? $"{id}: {status}" : status, cancellation);
            }

            if (message.StageImage is { } image)
                cache.Note(image, request.AppId);

            if ((message.Detail?.Message ?? message.Error) is { Length: > 0 } error)
            {
                foreach (var line in output.End())
                    await WriteAsync(line, output, request, running, log, cancellation);
                // An engine that stops kills what it builds: that is no fault of the command's, and shows as one that does not answer.
                if (message.Detail?.Code == Killed)
                    await docker.System.PingAsync(cancellation);
                throw Failure(error, message.Detail?.Code ?? 0, output.Step);
            }
        }

        foreach (var line in output.End())
            await WriteAsync(line, output, request, running, log, cancellation);
    }

    private async Task WriteAsync(
        OutputLine line, BuildOutput output, BuildRequest request, CacheUses.Running running, ILogSink log, CancellationToken cancellation)
    {
        if (output.RunsCommand && BuildOutput.StartedContainer(line) is { } container && await containers.LimitAsync(container, request.DeploymentId, cancellation) is { } image)
            running.RunsIn = image;
        await log.WriteAsync(line.Origin, line.Text, cancellation);
    }

    private Exception Failure(string error, int code, string? step)
    {
        var place = step is null ? "The build failed" : $"The build failed at step {step}";
        if (!CommandFailure().IsMatch(error))
            return IsRegistryAway(error) ? new PassingFaultException($"{place}: {Short(error)}") : new StepException($"{place}: {Short(error)}");
        return code == Killed
            ? new StepException($"{place}: its command was killed, most likely because it needed more than {settings.BuildMemoryBytes >> 20} MB of memory.")
            : new StepException($"{place}: its command ended with exit code {code}. Its output is in the log.");
    }

    private ImageBuildParameters Parameters(BuildRequest request, string run, string dockerfile, string tag) => new()
    {
        Dockerfile = dockerfile,
        Tags = [tag],
        Remove = true,
        ForceRemove = true,
        Memory = settings.BuildMemoryBytes,
        MemorySwap = settings.BuildMemoryBytes,
        CPUPeriod = 100_000,
        CPUQuota = (long)(settings.BuildCpus * 100_000),
        ShmSize = 64 << 20,
        ExtraHosts = [BuildContainers.Marker(request.DeploymentId, run)],
        // No labels: the engine makes a layer, and a container, of each. App and deployment stand in the image's name.
    };

    /// <summary>
    /// Whether the engine could not pull an image because the registry, or the way there, fails for now. All that the engine
    /// has is its own and its libraries' words.
    /// </summary>
    internal static bool IsRegistryAway(string error) => RegistryAway().IsMatch(error);

    private static string Short(string text) => text.Length > 500 ? text[..500] + "…" : text;

    private static string Text(TimeSpan time) => time >= TimeSpan.FromMinutes(2) ? $"{time.TotalMinutes:0.#} minutes" : $"{time.TotalSeconds:0.#} seconds";

    [GeneratedRegex("^The command '.*' returned a non-zero code: [0-9]+$", RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex CommandFailure();

    // Of the engine's client of registries: an answer of 5xx, a request without an answer, a layer that broke off time and again.
    [GeneratedRegex(
        @"received unexpected HTTP status: 5\d\d|error parsing HTTP 5\d\d response|unexpected status .*: 5\d\d |download failed after attempts=\d+: |^unexpected EOF$"
        + @"|(Get|Head) .*https?://.*: .*(connection refused|connection reset by peer|timeout|Timeout exceeded|deadline exceeded|\bEOF|server misbehaving|[Tt]emporary failure in name resolution|no route to host|network is unreachable)",
        RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex RegistryAway();
}
