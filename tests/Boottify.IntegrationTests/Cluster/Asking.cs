using Boottify.Cluster;

namespace Boottify.IntegrationTests.Cluster;

/// <summary>Requests to an app's Service, from the node, as nginx makes them.</summary>
public static class Asking
{
    public static Uri Url(this AppliedWorkload applied, string path = "/") => new($"http://{applied.Upstream}{path}");

    public static async Task<string> AskAsync(AppliedWorkload applied, string path = "/")
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        return await http.GetStringAsync(applied.Url(path), TestContext.Current.CancellationToken);
    }

    /// <summary>Returns once the node's own rules have followed the rollout.</summary>
    public static async Task SettledAsync(this ICluster cluster, AppWorkload workload)
    {
        var settled = await cluster.OpenSettledPortAsync(workload, Random.Shared.Next(20_000, 30_000), TestContext.Current.CancellationToken);
        await settled.AnswersAsync("", workload.HealthPath);
    }

    /// <summary>The node's own rules follow the endpoints a moment later.</summary>
    public static Task AnswersAsync(this AppliedWorkload applied, string expected, string path = "/")
    {
        var said = "nothing";
        return Patience.UntilAsync(AnswersNowAsync, () => $"{applied.Url(path)} said {said}, not {expected}");

        async Task<bool> AnswersNowAsync()
        {
            try
            {
                said = await AskAsync(applied, path);
                return said.Contains(expected, StringComparison.Ordinal);
            }
            catch (Exception away) when (away is HttpRequestException or TaskCanceledException && !TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                said = away.Message;
                return false;
            }
        }
    }
}
