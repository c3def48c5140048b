using System.Globalization;
using k8s;
using k8s.Models;

namespace Boottify.Cluster.Rollout;

/// <param name="Failure">Why the rollout cannot succeed, in words that its user can act on.</param>
/// <param name="LookAgain">When something may have lasted too long by then, though nothing else happens.</param>
internal sealed record Verdict(bool Succeeded, string? Failure = null, DateTimeOffset? LookAgain = null)
{
    public static readonly Verdict Done = new(true);

    public static Verdict Failed(string why) => new(false, why);
}

/// <summary>
/// Says of what was seen whether the rollout has succeeded, cannot succeed, or is under way. Touches nothing; remembers only
/// since when a trouble lasts that may pass by itself.
/// </summary>
internal sealed class RolloutJudge(RolloutView view)
{
    /// <summary>Other pods may leave, and an autoscaler may bring a node.</summary>
    private static readonly TimeSpan PatienceForRoom = TimeSpan.FromSeconds(15);

    /// <summary>A quota's count lags behind a little.</summary>
    private static readonly TimeSpan LeastPatienceForQuota = TimeSpan.FromSeconds(4);

    private const int EndedPodsThatAreEnough = 3;

    private readonly Dictionary<string, DateTimeOffset> since = new(StringComparer.Ordinal);
    private DateTimeOffset? refusedSince;
    private TimeSpan patienceForQuota = LeastPatienceForQuota;

    public int ReadyPods => view.IsWhole ? view.NewPods.Count(RolloutView.IsReady) : 0;

    public Verdict Judge(DateTimeOffset now)
    {
        if (!view.IsWhole)
            return new Verdict(false);
        if (view.Deployment is not { } deployment)
            return Verdict.Failed("The app's Deployment was removed from the cluster while it rolled out.");
        if (deployment.GetAnnotation(Objects.Labels.Deployment) != view.Workload.DeploymentId)
            return Verdict.Failed("Another deployment of this app took its place in the cluster.");
        if ((deployment.Status?.ObservedGeneration ?? 0) < deployment.Metadata.Generation)
            return new Verdict(false);
        if (HasSucceeded())
            return Verdict.Done;

        MeasureRefusal(now);
        DateTimeOffset? lookAgain = null;
        foreach (var trouble in Troubles())
        {
            var first = since.TryGetValue(trouble.Kind, out var known) ? known : since[trouble.Kind] = now;
            if (now - first >= trouble.Patience)
                return Verdict.Failed(trouble.Words);
            var end = first + trouble.Patience;
            lookAgain = lookAgain is null || end < lookAgain ? end : lookAgain;
        }

        var lasting = Troubles().Select(t => t.Kind).ToHashSet(StringComparer.Ordinal);
        foreach (var passed in since.Keys.Where(kind => !lasting.Contains(kind)).ToList())
            since.Remove(passed);
        return new Verdict(false, LookAgain: lookAgain);
    }

    /// <summary>What to say when time is up.</summary>
    public string AtDeadline(TimeSpan deadline)
    {
        if (!view.IsWhole)
            return string.Create(CultureInfo.InvariantCulture, $"The cluster did not tell how the rollout goes within {deadline.TotalSeconds:0} s.");
        var pods = view.NewPods;
        var ready = ReadyPods;
        var replicas = view.Workload.Replicas;
        if (ready >= replicas)
            return string.Create(CultureInfo.InvariantCulture, $"The new pods are ready, but pods of an older release were still being sent to after {deadline.TotalSeconds:0} s.");

        var who = ready == 0 ? "No pod" : string.Create(CultureInfo.InvariantCulture, $"Only {ready} of {replicas} pods");
        return string.Create(CultureInfo.InvariantCulture, $"{who} became ready{(ready == 0 ? "" : ", the next one not")} within {deadline.TotalSeconds:0} s: {Cause(pods)}");
    }

    private bool HasSucceeded()
    {
        var pods = view.NewPods;
        if (pods.Count != view.Workload.Replicas || !pods.All(RolloutView.IsReady) || !pods.All(RunsOurImage))
            return false;
        return view.Serving.SetEquals(pods.Select(p => p.Name()));
    }

    /// <summary>Some runtimes give the image's own id, without a digest, as what runs: then what was asked for by digest is it.</summary>
    private bool RunsOurImage(V1Pod pod)
    {
        var digest = view.Workload.Image[(view.Workload.Image.IndexOf('@', StringComparison.Ordinal) + 1)..];
        var asked = pod.Spec.Containers.Any(c => c.Image.EndsWith(digest, StringComparison.Ordinal));
        var runs = RolloutView.Container(pod)?.ImageID ?? "";
        return asked && (runs.EndsWith(digest, StringComparison.Ordinal) || !runs.Contains('@', StringComparison.Ordinal));
    }

    private IEnumerable<Trouble> Troubles()
    {
        foreach (var pod in view.NewPods)
        {
            if (PodTrouble.Of(pod, view) is { } words)
                yield return new Trouble("pod", TimeSpan.Zero, words);
            if (pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: "PodScheduled", Status: "False", Reason: "Unschedulable" }) is { } waiting && !view.SomeAreLeaving)
                yield return new Trouble("room", PatienceForRoom, $"No node has room for a pod of this app: {waiting.Message} Ask for less CPU or memory, or add a node.");
        }

        if (view.EndedPods is { Count: >= EndedPodsThatAreEnough } ended)
            yield return new Trouble("ended", TimeSpan.Zero, $"{ended.Count} pods were stopped by their node: {ended[^1].Status.Reason} {ended[^1].Status.Message}");

        foreach (var set in view.NewReplicaSets)
        {
            if (Refusal(set) is { } failure && !view.SomeAreLeaving && !IsNotCountedYet(failure))
                yield return new Trouble("create", patienceForQuota, Words(failure));
        }
    }

    /// <summary>
    /// The controller asks again after as long as it has been refused so far: as long as leaving pods were in the way, the
    /// refusal may stand though there is room by now.
    /// </summary>
    private void MeasureRefusal(DateTimeOffset now)
    {
        if (view.NewReplicaSets.All(set => Refusal(set) is null))
        {
            refusedSince = null;
            patienceForQuota = LeastPatienceForQuota;
            return;
        }

        refusedSince ??= now;
        if (view.SomeAreLeaving)
            patienceForQuota = LeastPatienceForQuota + ((now - refusedSince.Value) * 1.5);
    }

    private static V1ReplicaSetCondition? Refusal(V1ReplicaSet set) =>
        set.Status?.Conditions?.FirstOrDefault(c => c is { Type: "ReplicaFailure", Status: "True" });

    /// <summary>A quota that has just been made is counted a moment later, and that may be long on a busy control plane.</summary>
    private static bool IsNotCountedYet(V1ReplicaSetCondition refusal) => refusal.Message?.Contains("status unknown for quota", StringComparison.Ordinal) ?? false;

    private static string Words(V1ReplicaSetCondition refusal) => QuotaWords(refusal.Message ?? refusal.Reason ?? "");

    internal static string QuotaWords(string message)
    {
        // What comes before names a pod that never was, another one at each try.
        var refusal = message.IndexOf(" is forbidden: ", StringComparison.Ordinal);
        var why = refusal < 0 ? message : message[(refusal + " is forbidden: ".Length)..];
        return why.StartsWith("exceeded quota", StringComparison.Ordinal)
            ? $"The app's quota leaves no room for another pod: {why}. Ask for fewer replicas or smaller resources, or have the quota raised."
            : $"The cluster refuses to create the app's pods: {why}";
    }

    private string Cause(IReadOnlyList<V1Pod> pods)
    {
        var workload = view.Workload;
        var probe = string.Create(CultureInfo.InvariantCulture, $"readiness probe GET {workload.HealthPath} on port {workload.Port}");
        // What it saw most often: a single slow answer at the end says less than all those before it.
        var last = view.NewEvents.Where(e => e.Reason == "Unhealthy").OrderBy(e => e.Count ?? 1).LastOrDefault();
        var container = pods.Where(p => !RolloutView.IsReady(p)).Select(RolloutView.Container).FirstOrDefault(c => c?.State?.Waiting is not null);
        var waiting = container?.State.Waiting;
        if (waiting is null && last is not null)
            return $"{probe} {ProbeWords.Of(last.Message)}. Its last lines are in the log.";
        if (waiting is { Reason: "CrashLoopBackOff" })
            return PodTrouble.Crash(container!, workload);
        if (waiting is { Reason: "ContainerCreating" })
            return "its image was still being pulled or its container created.";
        if (waiting is not null)
            return $"{waiting.Reason} {waiting.Message}".Trim() + ".";
        if (pods.Count == 0)
            return view.NewReplicaSets.Select(Refusal).OfType<V1ReplicaSetCondition>().FirstOrDefault() is { } refusal ? Words(refusal) : "the cluster created none.";
        return $"{probe} had no good answer yet.";
    }

    private sealed record Trouble(string Kind, TimeSpan Patience, string Words);
}
