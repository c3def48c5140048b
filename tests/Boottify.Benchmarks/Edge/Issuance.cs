using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Boottify.Benchmarks.Edge;

/// <summary>100 certificates, a name each, from one certificate authority: the edge's own client beside certbot and lego.</summary>
internal static class Issuance
{
    private const int Certificates = 100;
    private const int AtOnce = 8; // As many as the edge has under way.
    private const int OneByOne = 10;
    private const int SideBySide = 24;

    private sealed record Row(string Client, string How, int Count, TimeSpan Took)
    {
        public double PerSecond => Count / Took.TotalSeconds;
    }

    public static async Task RunAsync(Bench bench, bool full)
    {
        await using var names = await BenchNames.CreateAsync();
        var folder = new EdgeFolder(bench.New("issuing-edge"));
        await using var pebble = await BenchPebble.StartAsync(bench.New("pebble"), folder.HttpPort);
        await using var upstream = await Upstream.StartAsync(bench.New("issuing-upstream"));
        var rows = new List<Row> { new("Boottify", $"{AtOnce} at once", Certificates, await OursAsync(folder, pebble, names, upstream)) };

        // The authority comes to the same port: the edge has left it.
        var webRoot = bench.New("web");
        await using var web = WebServer(webRoot, folder.HttpPort);
        await web.StartAsync();
        foreach (var client in OtherClient.All(pebble.Directory, webRoot))
        {
            foreach (var (how, count, atOnce) in new[] { ("one at a time", OneByOne, 1), ($"{AtOnce} at once", SideBySide, AtOnce) })
            {
                var number = full ? Certificates : count;
                rows.Add(new Row(client.Name, how, number, await client.OrderAsync(pebble, bench.New("others"), names, number, atOnce)));
            }
        }

        Print(rows);
    }

    private static async Task<TimeSpan> OursAsync(EdgeFolder folder, BenchPebble pebble, BenchNames names, Upstream upstream)
    {
        await using var edge = await BenchedEdge.StartAsync(folder, pebble);
        var sites = names.Next(Certificates).Select((name, n) => new BenchedSite($"shop-{n:000}", name, upstream.Address)).ToArray();
        var since = Stopwatch.GetTimestamp();
        await edge.PutAllAsync(sites);
        await Until.Async(async stop =>
        {
            var (states, reason) = await edge.CertificatesAsync(stop);
            return reason is null ? states.Count == Certificates && states.All(state => state == "active") : throw new InvalidOperationException(reason);
        }, "all certificates are served", everyMilliseconds: 50);
        return Stopwatch.GetElapsedTime(since);
    }

    private static BenchedNginx WebServer(string root, int port)
    {
        var configuration = Path.Combine(root, "nginx.conf");
        File.WriteAllText(configuration, BenchedNginx.Frame(root, string.Create(CultureInfo.InvariantCulture, $"  server {{ listen 127.0.0.1:{port}; location /.well-known/acme-challenge/ {{ root {root}; }} }}")));
        return new BenchedNginx(root, configuration);
    }

    private static void Print(List<Row> rows)
    {
        var table = new Table().Title($"{Certificates} certificates").AddColumns("Client", "", "Ordered", "Took", "A second", $"Time for {Certificates}", "Boottify is faster");
        foreach (var row in rows)
        {
            table.AddRow(row.Client, row.How, $"{row.Count}", $"{row.Took.TotalSeconds:0.0} s", $"{row.PerSecond:0.00}",
                $"{Certificates / row.PerSecond:0.0} s{(row.Count < Certificates ? " (scaled)" : "")}", row == rows[0] ? "" : $"{rows[0].PerSecond / row.PerSecond:0.0} times");
        }

        AnsiConsole.Write(table);
        var certbot = rows.First(row => row.Client == "certbot");
        var ratio = rows[0].PerSecond / certbot.PerSecond;
        AnsiConsole.WriteLine($"""
            HTTP-01, a P-256 key and a certificate for each name, accounts registered before. Boottify: from sending the {Certificates} routes until each new
            certificate was seen in a handshake. certbot and lego take one certificate a run; side by side they have {AtOnce} folders with accounts of their
            own, and nginx serves the files that prove it. They put nothing into service. Without --full, theirs are fewer and scaled.
            Goal: 10 times certbot's rate. {ratio:0.0} times: {(ratio >= 10 ? "met" : "MISSED")}.

            """);
    }
}
