using System.Diagnostics;
using Boottify.Benchmarks.Overhead;
using Spectre.Console;

namespace Boottify.Benchmarks.Edge;

/// <summary>
/// How nginx bears many domains: the edge's configuration beside the usual one with a file and two servers for each domain.
/// All have certificates already, in files of their own; a few keys serve all of them.
/// </summary>
internal static class Scale
{
    private const int Rounds = 3;
    private const int Additions = 5;
    private static readonly int[] Ours = [100, 1_000, 10_000, 50_000];
    private static readonly int[] Classic = [100, 1_000, 10_000];

    /// <summary>The edge lets half a second pass between two reloads; an addition that comes alone does not wait for that.</summary>
    private static readonly TimeSpan BetweenAdditions = TimeSpan.FromSeconds(1.2);

    private sealed record Row(int Domains, TimeSpan Test, (TimeSpan Answers, TimeSpan Alone) Reload, double Resident, double Proportional, TimeSpan Added);

    public static async Task RunAsync(Bench bench)
    {
        await using var upstream = await Upstream.StartAsync(bench.New("upstream"));
        var folder = new EdgeFolder(bench.New("edge"));
        var ours = new List<Row>();
        foreach (var domains in Ours)
            ours.Add(await OursAsync(bench, folder, upstream, ours.LastOrDefault()?.Domains ?? 0, domains));
        var classicFolder = new ClassicFolder(bench.New("classic"), Path.Combine(folder.Rendered, "tls.conf"));
        var classic = new List<Row>();
        foreach (var domains in Classic)
            classic.Add(await ClassicAsync(bench, classicFolder, upstream, classic.LastOrDefault()?.Domains ?? 0, domains));
        Print(ours, classic);
    }

    private static async Task<Row> OursAsync(Bench bench, EdgeFolder folder, Upstream upstream, int from, int to)
    {
        for (var n = from; n < to; n++)
            folder.Add(Bench.Site(n), bench.Pem(n));
        using var client = Clients.OnLoopback();
        var added = new List<TimeSpan>();
        await using var edge = await BenchedEdge.StartAsync(folder);
        for (var n = 0; n < Additions; n++)
        {
            await Task.Delay(BetweenAdditions);
            var site = Bench.Site(99_000 + (to / 100) + n, upstream.Address);
            folder.AddCertificate(site.Host, bench.Pem(n));
            var since = Stopwatch.GetTimestamp();
            var put = edge.PutAsync(site);
            await Until.Async(stop => client.AnswersAsync(folder.Https(site.Host), stop), $"the edge serves {site.Host}");
            added.Add(Stopwatch.GetElapsedTime(since));
            await put;
        }

        return await MeasureAsync(folder.Nginx, to, Rounds, added.Median());
    }

    private static async Task<Row> ClassicAsync(Bench bench, ClassicFolder folder, Upstream upstream, int from, int to)
    {
        for (var n = from; n < to; n++)
            folder.Add(Bench.Site(n), bench.Pem(n));
        await using var nginx = folder.Nginx;
        await nginx.StartAsync();
        using var client = Clients.OnLoopback();
        var site = Bench.Site(99_000 + (to / 100), upstream.Address);
        var since = Stopwatch.GetTimestamp();
        folder.Add(site, bench.Pem(0));
        var test = await nginx.TestAsync();
        var reload = await nginx.ReloadAsync();
        await Until.Async(stop => client.AnswersAsync(folder.Https(site.Host), stop), $"nginx serves {site.Host}");
        var added = Stopwatch.GetElapsedTime(since);
        if (to < Classic[^1])
            return await MeasureAsync(nginx, to, Rounds, added);
        var (resident, proportional) = await nginx.MemoryAsync(); // Once is enough of what takes so long.
        return new Row(to, test, reload, resident, proportional, added);
    }

    private static async Task<Row> MeasureAsync(BenchedNginx nginx, int domains, int rounds, TimeSpan added)
    {
        var (tests, reloads) = (new List<TimeSpan>(), new List<(TimeSpan Answers, TimeSpan Alone)>());
        for (var n = 0; n < rounds; n++)
        {
            tests.Add(await nginx.TestAsync());
            reloads.Add(await nginx.ReloadAsync());
        }

        var (resident, proportional) = await nginx.MemoryAsync();
        return new Row(domains, tests.Median(), (reloads.Select(reload => reload.Answers).Median(), reloads.Select(reload => reload.Alone).Median()), resident, proportional, added);
    }

    private static void Print(List<Row> ours, List<Row> classic)
    {
        var table = new Table().Title("Many domains").AddColumns("Domains", "", "nginx -t", "Reload (old ones gone)", "A worker (shared split)", "Added to served");
        foreach (var our in ours)
        {
            Add(table, "Boottify", our);
            if (classic.Find(row => row.Domains == our.Domains) is not { } theirs)
                continue;
            Add(table, "a file each", theirs);
            table.AddRow("", "[bold]times less[/]", $"{theirs.Test / our.Test:0.0}", $"{theirs.Reload.Answers / our.Reload.Answers:0.0}", $"{theirs.Resident / our.Resident:0.0}", $"{theirs.Added / our.Added:0.0}");
        }

        AnsiConsole.Write(table);
        var goal = ours.Single(row => row.Domains == 10_000);
        AnsiConsole.WriteLine($"""
            Reload: from SIGHUP until the new generation answers; in brackets until no old worker takes connections, for which nginx itself lets 100 ms pass.
            A worker: resident memory after these reloads (RSS), and in brackets with shared pages split among those who share them (PSS).
            Added to served: for Boottify from sending the route until the first 200 over a new TLS connection, the certificate being
            there; for the others from writing the file, with nginx -t and reload. Medians of {Rounds} ({Additions} for Boottify's additions); classic 10,000 once.
            Goal at 10,000: under 150 ms and 20 MB. Reload {goal.Reload.Answers.TotalMilliseconds:0} ms: {Met(goal.Reload.Answers.TotalMilliseconds < 150)}. nginx -t {goal.Test.TotalMilliseconds:0} ms: {Met(goal.Test.TotalMilliseconds < 150)}. A worker {goal.Resident:0.0} MB: {Met(goal.Resident < 20)}.

            """);
    }

    private static void Add(Table table, string who, Row row) => table.AddRow(
        $"{row.Domains:N0}", who, $"{row.Test.TotalMilliseconds:N0} ms", $"{row.Reload.Answers.TotalMilliseconds:N0} ms ({row.Reload.Alone.TotalMilliseconds:N0})", $"{row.Resident:N1} MB ({row.Proportional:N1})", $"{row.Added.TotalMilliseconds:N0} ms");

    private static string Met(bool met) => met ? "met" : "MISSED";
}
