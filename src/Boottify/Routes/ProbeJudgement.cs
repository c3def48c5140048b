using System.Net;
using Boottify.Deployments;

namespace Boottify.Routes;

/// <summary>What came from one address when an app was asked there.</summary>
public enum ProbeAnswer
{
    /// <summary>The app's own answer.</summary>
    Served,

    /// <summary>An error, or nothing in time.</summary>
    Failed,

    /// <summary>A server that does not have the name, or ends the connection.</summary>
    Refused,

    /// <summary>No connection: nobody is there, and no visitor gets anything else.</summary>
    Away,
}

/// <param name="Words">What it was; empty when it was the app's answer.</param>
public sealed record ProbeSight(IPAddress Address, ProbeAnswer Answer, string Words = "");

/// <summary>
/// Whether an app is served, by what came from the edges' addresses; pure. It is as with a put (ops/adr/0020): each address that
/// answers has to have it, and one at least does; one where nobody is holds nothing up. Which address is which edge's nobody
/// tells, so while an edge is away, what is wrong at some addresses may be its own.
/// </summary>
public static class ProbeJudgement
{
    /// <summary>Whether asking once more would change nothing: all that answer serve, and those without a connection were asked again.</summary>
    public static bool IsSettled(IReadOnlyCollection<ProbeSight> seen, int tries) =>
        seen.Any(IsServed) && seen.All(sight => IsServed(sight) || (sight.Answer == ProbeAnswer.Away && tries > 1));

    /// <summary>Served at one, and another answers something else.</summary>
    public static bool IsMixed(IReadOnlyCollection<ProbeSight> seen) => seen.Any(IsServed) && seen.Any(IsWrong);

    /// <param name="everyEdgeAnswers">On the way on which it is told of routes.</param>
    /// <returns>Null when it is served. A <see cref="StepException"/> is the app's, an <see cref="HttpRequestException"/> says nothing about it.</returns>
    public static Exception? Of(string host, string path, IReadOnlyCollection<ProbeSight> seen, bool everyEdgeAnswers)
    {
        if (IsMixed(seen))
        {
            var served = string.Join(", ", seen.Where(IsServed).Select(sight => sight.Address));
            return everyEdgeAnswers ? new HttpRequestException($"The app answers over https://{host} at {served}, but not at every edge: {Words(seen, IsWrong)}.") : null;
        }

        if (seen.Any(IsServed))
            return null;
        return seen.Any(sight => sight.Answer == ProbeAnswer.Failed)
            ? new StepException($"The app's pods are ready, but GET {path} does not answer over https://{host}: {Words(seen, _ => true)}.")
            : new HttpRequestException($"The edge cannot be reached for https://{host}: {Words(seen, _ => true)}.");
    }

    /// <summary>With its address only where there are several.</summary>
    public static string Words(IReadOnlyCollection<ProbeSight> seen, Func<ProbeSight, bool> which) =>
        string.Join("; ", seen.Where(which).Select(sight => seen.Count == 1 ? sight.Words : $"{sight.Address}: {sight.Words}"));

    private static bool IsServed(ProbeSight sight) => sight.Answer == ProbeAnswer.Served;

    private static bool IsWrong(ProbeSight sight) => sight.Answer is ProbeAnswer.Failed or ProbeAnswer.Refused;
}
