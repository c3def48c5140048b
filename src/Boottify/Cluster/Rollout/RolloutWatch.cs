using System.Threading.Channels;
using Boottify.Deployments;
using Boottify.Logs;
using k8s;
using k8s.Models;

namespace Boottify.Cluster.Rollout;

/// <summary>Follows a rollout by five watches (Deployment, ReplicaSets, pods, endpoints, events) until it is decided.</summary>
internal sealed class RolloutWatch(ClusterApi api, TimeProvider time)
{
    public async Task WatchAsync(AppWorkload workload, TimeSpan deadline, ILogSink log, CancellationToken cancellation)
    {
        var view = new RolloutView(workload);
        var judge = new RolloutJudge(view);
        var narrator = new RolloutNarrator(view, log);
        var lastWords = new LastWords(api, view, log);
        var patience = new RolloutPatience(deadline, time.GetUtcNow());

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var changes = Channel.CreateUnbounded<Action<RolloutView>>(new UnboundedChannelOptions { SingleReader = true });
        var followers = Task.WhenAll(Followers(workload.Namespace, changes.Writer, over.Token));
        try
        {
            var lookAgain = patience.End;
            while (await NextAsync(changes.Reader, view, lookAgain, cancellation))
            {
                var verdict = judge.Judge(time.GetUtcNow());
                await narrator.TellAsync(cancellation);
                if (verdict.Succeeded)
                    return;
                await lastWords.OfEndedAsync(cancellation);
                if (verdict.Failure is { } failure)
                    await FailAsync(failure);
                patience.Saw(judge.ReadyPods, time.GetUtcNow());
                if (time.GetUtcNow() >= patience.End)
                {
                    await RequireClusterAsync(workload.Namespace, cancellation);
                    await FailAsync(judge.AtDeadline(deadline));
                }

                lookAgain = verdict.LookAgain is { } sooner && sooner < patience.End ? sooner : patience.End;
            }
        }
        finally
        {
            await over.CancelAsync();
            await followers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task FailAsync(string why)
        {
            await lastWords.OfUnreadyAsync(cancellation);
            throw new StepException(why);
        }
    }

    /// <summary>A rollout is not to fail because nothing was seen of it: with the API server away, this throws a passing fault.</summary>
    private Task RequireClusterAsync(string @namespace, CancellationToken cancellation) => api.CallAsync(
        "a look at the pods", (client, token) => client.CoreV1.ListNamespacedPodAsync(@namespace, limit: 1, cancellationToken: token), cancellation);

    /// <summary>Takes in what has happened, waiting for it until <paramref name="until"/>.</summary>
    private async Task<bool> NextAsync(ChannelReader<Action<RolloutView>> changes, RolloutView view, DateTimeOffset until, CancellationToken cancellation)
    {
        var left = until - time.GetUtcNow();
        using var timer = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            if (!await changes.WaitToReadAsync(either.Token))
                return false;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return true;
        }

        while (changes.TryRead(out var change))
            change(view);
        return true;
    }

    private IEnumerable<Task> Followers(string @namespace, ChannelWriter<Action<RolloutView>> changes, CancellationToken cancellation)
    {
        yield return FollowAsync<V1Deployment, V1DeploymentList>(
            (client, token) => client.AppsV1.ListNamespacedDeploymentAsync(@namespace, cancellationToken: token),
            (client, version, failed, token) => client.AppsV1.WatchListNamespacedDeploymentAsync(@namespace, resourceVersion: version, allowWatchBookmarks: true, onError: failed, cancellationToken: token),
            (view, items) => view.Deployments = items);
        yield return FollowAsync<V1ReplicaSet, V1ReplicaSetList>(
            (client, token) => client.AppsV1.ListNamespacedReplicaSetAsync(@namespace, cancellationToken: token),
            (client, version, failed, token) => client.AppsV1.WatchListNamespacedReplicaSetAsync(@namespace, resourceVersion: version, allowWatchBookmarks: true, onError: failed, cancellationToken: token),
            (view, items) => view.ReplicaSets = items);
        yield return FollowAsync<V1Pod, V1PodList>(
            (client, token) => client.CoreV1.ListNamespacedPodAsync(@namespace, cancellationToken: token),
            (client, version, failed, token) => client.CoreV1.WatchListNamespacedPodAsync(@namespace, resourceVersion: version, allowWatchBookmarks: true, onError: failed, cancellationToken: token),
            (view, items) => view.Pods = items);
        yield return FollowAsync<V1Endpoints, V1EndpointsList>(
            (client, token) => client.CoreV1.ListNamespacedEndpointsAsync(@namespace, cancellationToken: token),
            (client, version, failed, token) => client.CoreV1.WatchListNamespacedEndpointsAsync(@namespace, resourceVersion: version, allowWatchBookmarks: true, onError: failed, cancellationToken: token),
            (view, items) => view.Endpoints = items);
        yield return FollowAsync<Corev1Event, Corev1EventList>(
            (client, token) => client.CoreV1.ListNamespacedEventAsync(@namespace, cancellationToken: token),
            (client, version, failed, token) => client.CoreV1.WatchListNamespacedEventAsync(@namespace, resourceVersion: version, allowWatchBookmarks: true, onError: failed, cancellationToken: token),
            (view, items) => view.Events = items);

        async Task FollowAsync<T, TList>(
            Func<IKubernetes, CancellationToken, Task<TList>> list,
            Func<IKubernetes, string, Action<Exception>, CancellationToken, IAsyncEnumerable<(WatchEventType Type, T Item)>> watch,
            Action<RolloutView, IReadOnlyCollection<T>> see)
            where T : class, IKubernetesObject<V1ObjectMeta>
            where TList : IKubernetesObject<V1ListMeta>, IItems<T>
        {
            try
            {
                await foreach (var items in Watching.FollowAsync(api, list, watch, time, cancellation))
                    changes.TryWrite(view => see(view, items));
            }
            catch (Exception failure)
            {
                // The reader gets it, once it has taken in what came before.
                changes.TryComplete(failure);
                throw;
            }
        }
    }
}
