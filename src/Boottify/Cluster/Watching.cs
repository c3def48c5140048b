using System.Runtime.CompilerServices;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Boottify.Cluster;

/// <summary>
/// List, then watch from where the list ended. A watch that ends, breaks or has become too old (410) is begun anew with a
/// list, so that a caller always sees the whole and misses no state, whatever happens to the connection.
/// </summary>
internal static class Watching
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>All objects as they are, once at the start and again after each change.</summary>
    public static async IAsyncEnumerable<IReadOnlyCollection<T>> FollowAsync<T, TList>(
        ClusterApi api,
        Func<IKubernetes, CancellationToken, Task<TList>> list,
        Func<IKubernetes, string, Action<Exception>, CancellationToken, IAsyncEnumerable<(WatchEventType Type, T Item)>> watch,
        TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
        where TList : IKubernetesObject<V1ListMeta>, IItems<T>
    {
        var failures = 0;
        while (true)
        {
            var listed = await api.CallAsync($"a list of {typeof(T).Name[2..]}s", list, cancellation);
            var known = listed.Items.ToDictionary(item => item.Uid(), StringComparer.Ordinal);
            yield return [.. known.Values];

            using var broken = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var changes = watch(api.Client, listed.Metadata.ResourceVersion, _ => broken.Cancel(), broken.Token).GetAsyncEnumerator(broken.Token);
            await using (changes.ConfigureAwait(false))
            {
                while (await NextAsync(changes, cancellation) is { } outcome)
                {
                    if (!outcome)
                    {
                        failures++;
                        break;
                    }

                    failures = 0;
                    var (type, item) = changes.Current;
                    if (type == WatchEventType.Bookmark)
                        continue;
                    if (type == WatchEventType.Deleted)
                        known.Remove(item.Uid());
                    else
                        known[item.Uid()] = item;
                    yield return [.. known.Values];
                }
            }

            var pause = TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(failures, 6)) * (0.5 + Random.Shared.NextDouble()));
            await Task.Delay(pause < LongestPause ? pause : LongestPause, time, cancellation);
        }
    }

    /// <returns>Whether the condition came true before <paramref name="patience"/> was over.</returns>
    public static async Task<bool> UntilAsync<T, TList>(
        ClusterApi api,
        Func<IKubernetes, CancellationToken, Task<TList>> list,
        Func<IKubernetes, string, Action<Exception>, CancellationToken, IAsyncEnumerable<(WatchEventType Type, T Item)>> watch,
        Func<IReadOnlyCollection<T>, bool> condition,
        TimeSpan patience,
        TimeProvider time,
        CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
        where TList : IKubernetesObject<V1ListMeta>, IItems<T>
    {
        using var over = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellation);
        try
        {
            await foreach (var items in FollowAsync(api, list, watch, time, either.Token))
            {
                if (condition(items))
                    return true;
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return false;
        }

        return false;
    }

    /// <returns>True: there is one. False: the watch broke. Null: it ended in peace.</returns>
    private static async Task<bool?> NextAsync<T>(IAsyncEnumerator<(WatchEventType Type, T Item)> changes, CancellationToken cancellation)
    {
        try
        {
            return await changes.MoveNextAsync() ? true : null;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested && (failure is OperationCanceledException or HttpOperationException or HttpRequestException or IOException))
        {
            return false;
        }
    }
}
