using Spectre.Console;

namespace Boottify.Benchmarks.Edge;

/// <summary>The edge beside what else one would use: with many domains, ordering certificates, and under load. All on loopback, on ports of its own.</summary>
internal static class EdgeBenchmark
{
    /// <param name="part">One of <c>scale</c>, <c>certificates</c>, <c>throughput</c>, or null for all.</param>
    /// <param name="full">Order all certificates with the other clients, too, which takes ten minutes.</param>
    public static async Task RunAsync(string? part, bool full)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 140); // A log file is wide enough for whole lines.
        using var bench = new Bench();
        if (part is null or "scale")
            await Scale.RunAsync(bench);
        if (part is null or "throughput")
            await Throughput.RunAsync(bench);
        if (part is null or "certificates")
            await Issuance.RunAsync(bench, full);
    }
}
