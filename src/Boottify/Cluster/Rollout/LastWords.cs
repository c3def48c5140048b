using Boottify.Logs;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Boottify.Cluster.Rollout;

/// <summary>Copies the last lines of containers that ended, or never became ready, into the deployment's log; each container once.</summary>
internal sealed class LastWords(ClusterApi api, RolloutView view, ILogSink log)
{
    private const int Lines = 50;
    private const int Bytes = 64 * 1024;
    private const int MostPods = 3;

    private readonly HashSet<string> told = new(StringComparer.Ordinal);

    /// <summary>Of containers that have ended since the last call.</summary>
    public async Task OfEndedAsync(CancellationToken cancellation)
    {
        if (!view.IsWhole)
            return;
        foreach (var pod in view.NewPods)
        {
            if (RolloutView.Container(pod) is not { } container)
                continue;
            var current = container.State?.Terminated;
            if ((current ?? container.LastState?.Terminated) is { ContainerID.Length: > 0 } end && told.Add(end.ContainerID))
            {
                var head = $"Pod {pod.Name()} stopped: {PodTrouble.End(end, view.Workload)}. Its last lines:";
                await CopyAsync(pod, previous: current is null && container.State?.Running is not null, head, cancellation);
            }
        }
    }

    /// <summary>Of those that run but are not ready.</summary>
    public async Task OfUnreadyAsync(CancellationToken cancellation)
    {
        if (!view.IsWhole)
            return;
        await OfEndedAsync(cancellation);
        foreach (var pod in view.NewPods.Where(p => !RolloutView.IsReady(p)).Take(MostPods))
        {
            if (RolloutView.Container(pod) is { State.Running: not null, ContainerID.Length: > 0 } container && told.Add(container.ContainerID))
                await CopyAsync(pod, previous: false, $"Pod {pod.Name()} is not ready. Its last lines:", cancellation);
        }
    }

    private async Task CopyAsync(V1Pod pod, bool previous, string head, CancellationToken cancellation)
    {
        await log.WriteAsync(LogOrigin.System, head, cancellation);
        var any = false;
        try
        {
            var lines = await api.CallAsync("the log of a pod", (client, token) => ReadAsync(client, pod, previous, token), cancellation);
            foreach (var line in lines)
            {
                any = true;
                await log.WriteAsync(LogOrigin.Stdout, line, cancellation);
            }
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or Deployments.StepException)
        {
            await log.WriteAsync(LogOrigin.System, "(they are not to be had any more)", cancellation);
            return;
        }

        if (!any)
            await log.WriteAsync(LogOrigin.System, "(it wrote nothing)", cancellation);
    }

    private static async Task<List<string>> ReadAsync(IKubernetes client, V1Pod pod, bool previous, CancellationToken cancellation)
    {
        await using var stream = await client.CoreV1.ReadNamespacedPodLogAsync(
            pod.Name(), pod.Namespace(), container: Apps.AppNames.Workload, previous: previous, tailLines: Lines, limitBytes: Bytes, cancellationToken: cancellation);
        using var reader = new StreamReader(stream);
        var lines = new List<string>();
        while (await reader.ReadLineAsync(cancellation) is { } line)
            lines.Add(line);
        return lines;
    }
}
