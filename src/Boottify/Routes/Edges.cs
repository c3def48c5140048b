using System.Runtime.ExceptionServices;
using Boottify.Contracts.Edge;

namespace Boottify.Routes;

/// <summary>
/// Several edges as one (ops/adr/0020). What is put is put to all that answer, and done once each of them has done it; one that
/// refuses, refuses for all. One that gives no answer holds nothing up: <see cref="EdgeCatchUp"/> tells it later. What is taken
/// away is done only once every edge has let go, since somebody else may have it after that.
/// </summary>
internal sealed class Edges(IReadOnlyList<EdgeMember> members) : IEdge
{
    public IReadOnlyList<EdgeMember> Members => members;

    public async Task<RouteStatus> PutRouteAsync(AppRoute route, CancellationToken cancellation, string? instead = null) =>
        MergedRoute.Of(await DoneAsync(edge => edge.PutRouteAsync(route, cancellation, instead), everywhere: false, cancellation))!;

    public async Task<RouteStatus?> GetRouteAsync(string appId, TimeSpan wait, CancellationToken cancellation) =>
        MergedRoute.Of(await DoneAsync(edge => edge.GetRouteAsync(appId, wait, cancellation), everywhere: false, cancellation));

    /// <returns>False also where an edge does not answer: its kept connections have to run out by themselves.</returns>
    public async Task<bool> BeginFreshConnectionsAsync(string appId, TimeSpan atMost, CancellationToken cancellation) =>
        (await AskAsync(edge => edge.BeginFreshConnectionsAsync(appId, atMost, cancellation), cancellation)).All(outcome => outcome is { Problem: null, Value: true });

    public async Task<bool> AllAnswerAsync(TimeSpan patience, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        try
        {
            return Array.TrueForAll(await Task.WhenAll(members.Select(member => member.AnswersAsync(limit.Token))), answers => answers);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    public async Task<bool> ReachesAsync(string address, TimeSpan patience, CancellationToken cancellation) =>
        (await DoneAsync(edge => edge.ReachesAsync(address, patience, cancellation), everywhere: false, cancellation)).All(reaches => reaches);

    public Task RetryCertificateAsync(string host, CancellationToken cancellation) => DoneAsync(
        async edge =>
        {
            await edge.RetryCertificateAsync(host, cancellation);
            return true;
        },
        everywhere: false,
        cancellation);

    public async Task<IReadOnlyList<RouteStatus>> ListRoutesAsync(CancellationToken cancellation) =>
        MergedRoute.OfLists(await DoneAsync(edge => edge.ListRoutesAsync(cancellation), everywhere: false, cancellation));

    public Task DeleteRouteAsync(string appId, long version, CancellationToken cancellation) => DoneAsync(
        async edge =>
        {
            await edge.DeleteRouteAsync(appId, version, cancellation);
            return true;
        },
        everywhere: true,
        cancellation);

    public async Task<IReadOnlyCollection<string>> HostsOnAnyAsync(string appId, CancellationToken cancellation) =>
        [.. (await DoneAsync(edge => edge.HostsOnAnyAsync(appId, cancellation), everywhere: true, cancellation)).SelectMany(hosts => hosts).Distinct(StringComparer.Ordinal)];

    /// <returns>What each edge that answers said.</returns>
    /// <param name="everywhere">Whether one that is away is a failure.</param>
    /// <exception cref="HttpRequestException">None answers, or not every one where every one has to.</exception>
    private async Task<IReadOnlyList<T>> DoneAsync<T>(Func<IEdge, Task<T>> ask, bool everywhere, CancellationToken cancellation)
    {
        var outcomes = await AskAsync(ask, cancellation);
        if (outcomes.FirstOrDefault(outcome => outcome is { Problem: not null, IsAway: false }) is { Problem: { } refusal })
            ExceptionDispatchInfo.Throw(refusal);
        var away = outcomes.Where(outcome => outcome.IsAway).ToList();
        if (away.Count == outcomes.Count || (everywhere && away.Count > 0))
        {
            var which = string.Join(", ", away.Select(outcome => outcome.Edge.Address));
            throw new HttpRequestException($"No answer from the edge at {which}: {away[0].Problem!.Message} Start it, or take it out of BOOTTIFY_EDGE_URL if it is gone for good.", away[0].Problem);
        }

        return [.. outcomes.Where(outcome => outcome.Problem is null).Select(outcome => outcome.Value!)];
    }

    /// <summary>All at once. One that was away is asked with all patience only where no other is left.</summary>
    private async Task<IReadOnlyList<EdgeOutcome<T>>> AskAsync<T>(Func<IEdge, Task<T>> ask, CancellationToken cancellation)
    {
        var insists = members.All(member => member.IsAway);
        return await Task.WhenAll(members.Select(member => member.AskAsync(ask, insists, cancellation)));
    }
}
