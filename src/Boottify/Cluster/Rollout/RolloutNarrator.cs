using Boottify.Logs;
using k8s.Models;

namespace Boottify.Cluster.Rollout;

/// <summary>Tells what happens to the pods, each thing once.</summary>
internal sealed class RolloutNarrator(RolloutView view, ILogSink log)
{
    private readonly HashSet<string> told = new(StringComparer.Ordinal);
    private HashSet<string>? readyBefore;

    public async Task TellAsync(CancellationToken cancellation)
    {
        if (!view.IsWhole)
            return;
        if (readyBefore is null)
        {
            readyBefore = view.NewPods.Where(RolloutView.IsReady).Select(p => p.Name()).ToHashSet(StringComparer.Ordinal);
            foreach (var pod in readyBefore.Order(StringComparer.Ordinal))
                await OnceAsync($"Pod {pod} of this release is running already.", cancellation);
        }

        foreach (var happening in view.NewEvents.Where(e => !readyBefore.Contains(e.InvolvedObject.Name)))
        {
            if (Words(happening, view.Workload) is { } words)
                await OnceAsync(words, cancellation);
        }

        foreach (var pod in view.NewPods.Where(p => RolloutView.IsReady(p) && !readyBefore.Contains(p.Name())))
            await OnceAsync($"Pod {pod.Name()} is ready.", cancellation);
    }

    /// <returns>Null for what says nothing to a user.</returns>
    internal static string? Words(Corev1Event happening, AppWorkload workload)
    {
        var name = happening.InvolvedObject.Name;
        var message = happening.Message ?? "";
        return happening.Reason switch
        {
            "Scheduled" => $"Pod {name} has a node: {message[(message.LastIndexOf(' ') + 1)..]}.",
            "FailedScheduling" => $"Pod {name} has no node yet: {message}",
            "Pulling" => $"Pod {name}: pulling the image.",
            "Pulled" when message.Contains("already present", StringComparison.Ordinal) => $"Pod {name}: the image is on the node already.",
            "Pulled" => $"Pod {name}: the image is pulled.",
            "Created" or "SuccessfulCreate" or "SuccessfulDelete" or "SandboxChanged" or "MissingClusterDNS" or "DNSConfigForming" => null,
            "Started" => $"Pod {name}: the container has started.",
            "Unhealthy" => Probe(name, message, workload),
            "Killing" => $"Pod {name}: {message}.".Replace("..", ".", StringComparison.Ordinal),
            "BackOff" => $"Pod {name}: {message}.",
            "FailedCreate" => RolloutJudge.QuotaWords(message),
            // The kubelet tries again at once.
            "FailedMount" when message.Contains("failed to sync", StringComparison.Ordinal) => null,
            "Failed" or "FailedMount" or "Evicted" or "FailedPreStopHook" => $"Pod {name}: {message}",
            _ => $"Pod {name}: {happening.Reason}: {message}",
        };
    }

    private static string Probe(string name, string message, AppWorkload workload)
    {
        var which = message.StartsWith("Liveness", StringComparison.Ordinal) ? "liveness" : "readiness";
        return $"Pod {name} is not ready yet: {which} probe GET {workload.HealthPath} on port {workload.Port} {ProbeWords.Of(message)}.";
    }

    private async Task OnceAsync(string words, CancellationToken cancellation)
    {
        if (told.Add(words))
            await log.WriteAsync(LogOrigin.System, words, cancellation);
    }
}
