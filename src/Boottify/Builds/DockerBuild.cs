using System.Text.RegularExpressions;
using Boottify.Deployments;
using Boottify.Logs;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Boottify.Builds;

/// <summary>One build through the engine's build stream, with limits, its output going to the log line by line.</summary>
internal sealed partial class DockerBuild(
    DockerClient docker, Engine engine, BuildContainers containers, BuildSettings settings, TimeProvider time, ILogger<DockerBuild> logger)
{
    private static readonly TimeSpan CleanUpTime = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Builds and tags. Whatever ends it, no container of it is left. An image is there only after success.
    /// </summary>
    /// <exception cref="StepException">A command failed, or a limit was met.</exception>
    public async Task RunAsync(
        BuildRequest request, SourceFolder folder, IReadOnlyDictionary<string, string> added, string tag, ILogSink log, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(settings.BuildTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        var parameters = Parameters(request, added.Count > 0 ? Dockerfiles.FileName : "Dockerfile", tag);
        var ended = false;
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
                    await FollowAsync(answer, request.DeploymentId, log, both.Token);
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
                await RemoveLeftoversAsync(request.DeploymentId);
        }
    }

    // The stream is closed by now, which ends the build in the engine. What made it end is to be told, whatever happens here.
    private async Task RemoveLeftoversAsync(string deploymentId)
    {
        using var patience = new CancellationTokenSource(CleanUpTime, time);
        try
        {
            await containers.EnsureGoneAsync(deploymentId, patience.Token);
        }
        catch (Exception fault) when (fault is PassingFaultException or OperationCanceledException or DockerApiException)
        {
            logger.LogWarning(fault, "Containers of the build of {Deployment} may be left; cleaning up after the deployment removes them", deploymentId);
        }
    }

    private async Task FollowAsync(Stream answer, string deploymentId, ILogSink log, CancellationToken cancellation)
    {
        var output = new BuildOutput();
        await foreach (var message in EngineMessage.ReadAsync(answer, cancellation))
        {
            if (message.Stream is { } piece)
            {
                foreach (var line in output.Take(piece))
                    await WriteAsync(line, deploymentId, log, cancellation);
            }
            else if (message is { Status: { Length: > 0 } status, Progress: null or "" })
            {
                await log.WriteAsync(LogOrigin.System, message.Id is { Length: > 0 } id ? $"{id}: {status}" : status, cancellation);
            }

            if ((message.Detail?.Message ?? message.Error) is { Length: > 0 } error)
            {
                foreach (var line in output.End())
                    await WriteAsync(line, deploymentId, log, cancellation);
                throw Failure(error, message.Detail?.Code ?? 0, output.Step);
            }
        }

        foreach (var line in output.End())
            await WriteAsync(line, deploymentId, log, cancellation);
    }

    private async Task WriteAsync(OutputLine line, string deploymentId, ILogSink log, CancellationToken cancellation)
    {
        if (BuildOutput.StartedContainer(line) is { } container)
            await containers.LimitAsync(container, deploymentId, cancellation);
        await log.WriteAsync(line.Origin, line.Text, cancellation);
    }

    private StepException Failure(string error, int code, string? step)
    {
        var place = step is null ? "The build failed" : $"The build failed at step {step}";
        if (!CommandFailure().IsMatch(error))
            return new StepException($"{place}: {Short(error)}");
        return code == 137
            ? new StepException($"{place}: its command was killed, most likely because it needed more than {settings.BuildMemoryBytes >> 20} MB of memory.")
            : new StepException($"{place}: its command ended with exit code {code}. Its output is in the log.");
    }

    private ImageBuildParameters Parameters(BuildRequest request, string dockerfile, string tag) => new()
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
        ExtraHosts = [BuildContainers.Marker(request.DeploymentId)],
        Labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["boottify.app"] = request.AppId,
            ["boottify.deployment"] = request.DeploymentId,
            ["boottify.instance"] = settings.Instance,
        },
    };

    private static string Short(string text) => text.Length > 500 ? text[..500] + "…" : text;

    private static string Text(TimeSpan time) => time >= TimeSpan.FromMinutes(2) ? $"{time.TotalMinutes:0.#} minutes" : $"{time.TotalSeconds:0.#} seconds";

    [GeneratedRegex("^The command '.*' returned a non-zero code: [0-9]+$", RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex CommandFailure();
}
