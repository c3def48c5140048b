using System.Globalization;
using k8s.Models;

namespace Boottify.Cluster.Rollout;

/// <summary>Tells whether a pod is in a state that it will not leave by itself, and why.</summary>
internal static class PodTrouble
{
    private const int RestartsThatAreEnough = 2;
    private const int PullsThatAreEnough = 3;

    private static readonly string[] LastingPullFaults =
        ["not found", "manifest unknown", "unauthorized", "no basic auth", "access denied", "denied:", "invalid reference", "no matching manifest", "unsupported"];

    /// <summary>The registry is away: it may be back within the rollout's time, which ends this anyhow.</summary>
    private static readonly string[] PassingPullFaults = ["connection refused", "connection reset", "timeout", "timed out", "no route to host", "EOF"];

    private static readonly string[] LastingStartFaults = ["not found", "no such file", "permission denied", "exec format error", "not a directory"];

    /// <returns>Null while there is hope.</returns>
    public static string? Of(V1Pod pod, RolloutView view)
    {
        if (RolloutView.Container(pod) is not { State.Waiting: { } waiting } container)
            return null;
        return waiting.Reason switch
        {
            "InvalidImageName" => $"The image's name is not valid: {waiting.Message}",
            "ErrImagePull" or "ImagePullBackOff" => Pull(pod, waiting, view),
            "CreateContainerConfigError" when !IsPassing(waiting.Message) => Configuration(waiting.Message),
            "CreateContainerError" or "RunContainerError" or "StartError" when Start(container, waiting.Message) is { } words => words,
            "CrashLoopBackOff" when container.RestartCount >= RestartsThatAreEnough => Crash(container, view.Workload),
            _ => null,
        };
    }

    /// <summary>How a container came to its end.</summary>
    public static string End(V1ContainerStateTerminated end, AppWorkload workload) => end.Reason switch
    {
        "OOMKilled" => $"it ran out of memory (limit {workload.Resources.MemoryLimit})",
        "Completed" => "it ended by itself with exit code 0, and a web app is to keep running",
        "ContainerCannotRun" or "StartError" => $"it could not be started: {end.Message}",
        _ when end.ExitCode > 128 => string.Create(CultureInfo.InvariantCulture, $"exit code {end.ExitCode}, ended by signal {end.ExitCode - 128}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"exit code {end.ExitCode}"),
    };

    private static string? Pull(V1Pod pod, V1ContainerStateWaiting waiting, RolloutView view)
    {
        var failures = view.NewEvents.Where(e => e.InvolvedObject.Uid == pod.Uid() && e.Reason == "Failed" && (e.Message ?? "").Contains("pull", StringComparison.OrdinalIgnoreCase)).ToList();
        var said = waiting.Reason == "ErrImagePull" ? waiting.Message ?? "" : failures.LastOrDefault(e => e.Message!.Contains(": ", StringComparison.Ordinal))?.Message ?? "";
        var tries = failures.Where(e => e.Message!.StartsWith("Failed to pull", StringComparison.Ordinal)).Sum(e => e.Count ?? e.Series?.Count ?? 1);
        var lasts = LastingPullFaults.Any(fault => said.Contains(fault, StringComparison.OrdinalIgnoreCase));
        var passes = PassingPullFaults.Any(fault => said.Contains(fault, StringComparison.Ordinal));
        return lasts || (tries >= PullsThatAreEnough && !passes) ? $"The image {view.Workload.Image} cannot be pulled: {Core(said)}" : null;
    }

    private static string Configuration(string? message) =>
        message is not null && message.Contains("runAsNonRoot", StringComparison.Ordinal)
            ? $"The image runs as root or as a user by name, which is not allowed: {message}. Add a line such as USER 1000 to the Dockerfile."
            : $"The container cannot be configured: {message}";

    private static string? Start(V1ContainerStatus container, string? message)
    {
        // With the engine restarted, the pod's sandbox is gone under it: the kubelet makes another.
        var sandboxIsGone = message?.Contains("namespace path", StringComparison.Ordinal) == true;
        var lasts = message is not null && !sandboxIsGone && LastingStartFaults.Any(fault => message.Contains(fault, StringComparison.OrdinalIgnoreCase));
        return lasts || container.RestartCount >= RestartsThatAreEnough ? $"The container cannot be started: {Core(message ?? "")}" : null;
    }

    /// <summary>Of a container that waits before it is started again.</summary>
    public static string Crash(V1ContainerStatus container, AppWorkload workload)
    {
        var why = container.LastState?.Terminated is { } end ? End(end, workload) : "it stopped";
        return string.Create(CultureInfo.InvariantCulture, $"The app stops again and again ({container.RestartCount} restarts): {why}. Its last lines are in the log.");
    }

    private static bool IsPassing(string? message) =>
        message is not null && (message.Contains("failed to sync", StringComparison.Ordinal) || message.Contains("timed out", StringComparison.Ordinal));

    /// <summary>Without the wrappings of each program on the way.</summary>
    private static string Core(string message)
    {
        foreach (var wrapping in new[] { "Error response from daemon: ", "desc = " })
        {
            var at = message.LastIndexOf(wrapping, StringComparison.Ordinal);
            if (at >= 0)
                return message[(at + wrapping.Length)..].Trim();
        }

        return message.Trim();
    }
}
