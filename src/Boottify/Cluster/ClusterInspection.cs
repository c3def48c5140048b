using System.Globalization;
using k8s;

namespace Boottify.Cluster;

/// <summary>Asks the cluster what it is, now and then: nodes come and go, and a version changes with an upgrade.</summary>
internal sealed class ClusterInspection(ClusterApi api, TimeProvider time)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);
    private volatile Known? known;

    public async Task<ClusterFacts> InspectAsync(CancellationToken cancellation)
    {
        if (known is { } last && time.GetUtcNow() - last.At < Freshness)
            return last.Facts;

        var version = await api.CallAsync("the version", (client, token) => client.Version.GetCodeAsync(token), cancellation);
        var nodes = await api.CallAsync("the list of nodes", (client, token) => client.CoreV1.ListNodeAsync(cancellationToken: token), cancellation);
        var architectures = nodes.Items.Select(n => n.Status.NodeInfo?.Architecture).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var facts = new ClusterFacts(
            IsAtLeast(version.Major, version.Minor, 30),
            IsAtLeast(version.Major, version.Minor, 24),
            architectures is [var one] ? one : "",
            [.. nodes.Items.SelectMany(n => n.Status.Addresses ?? []).Where(a => a.Type is "InternalIP" or "ExternalIP").Select(a => a.Address).Distinct(StringComparer.Ordinal)]);
        known = new Known(facts, time.GetUtcNow());
        return facts;
    }

    /// <summary>Vendors add a sign to the minor version: "30+".</summary>
    internal static bool IsAtLeast(string? major, string? minor, int wanted) =>
        int.TryParse(major, CultureInfo.InvariantCulture, out var first)
        && int.TryParse(minor?.TrimEnd('+'), CultureInfo.InvariantCulture, out var second)
        && (first > 1 || second >= wanted);

    private sealed record Known(ClusterFacts Facts, DateTimeOffset At);
}
