namespace Boottify.Benchmarks.Overhead;

/// <summary>One deployment, timed from outside.</summary>
/// <param name="Phases">When each part of it began and how long it took, in the order of their beginnings.</param>
internal sealed record Run(TimeSpan Took, IReadOnlyList<Phase> Phases);

/// <param name="Begins">After the deployment was asked for.</param>
internal sealed record Phase(string Name, TimeSpan Begins, TimeSpan Takes);

internal static class Runs
{
    public static TimeSpan Median(this IEnumerable<TimeSpan> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
