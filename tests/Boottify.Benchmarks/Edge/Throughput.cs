using Spectre.Console;

namespace Boottify.Benchmarks.Edge;

/// <summary>Requests and handshakes a second through the edge's nginx with 10,000 domains, beside a server that has one domain and the same TLS settings.</summary>
internal static class Throughput
{
    private const int Domains = 10_000;
    private const int Rounds = 3;

    private sealed record Server(string Name, Uri Url)
    {
        public List<double> Requests { get; } = [];
        public List<double> Handshakes { get; } = [];
    }

    public static async Task RunAsync(Bench bench)
    {
        await using var upstream = await Upstream.StartAsync(bench.New("busy-upstream"));
        var folder = new EdgeFolder(bench.New("busy-edge"));
        // The first apps get idle connections to their pods, those past the cap (ops/adr/0004) do not: one of each.
        var (first, last) = (Bench.Site(0, upstream.Address), Bench.Site(Domains - 1, upstream.Other));
        for (var n = 0; n < Domains; n++)
            folder.Add(n == 0 ? first : n == Domains - 1 ? last : Bench.Site(n), bench.Pem(n));
        await using var edge = await BenchedEdge.StartAsync(folder);
        var root = bench.New("plain");
        var plain = Plain(root, first, bench.Pem(0), Path.Combine(folder.Rendered, "tls.conf"), out var port);
        await using var nginx = plain;
        await nginx.StartAsync();

        Server[] servers =
        [
            new("plain nginx, one domain", new Uri($"https://{first.Host}:{port}/")),
            new("Boottify, 10,000 domains", folder.Https(first.Host)),
            new("Boottify, an app without idle connections", folder.Https(last.Host)),
        ];
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var server in servers)
            {
                server.Requests.Add(await Load.RequestsAsync(server.Url));
                server.Handshakes.Add(await Load.HandshakesAsync(server.Url));
            }
        }

        Print(servers);
    }

    private static BenchedNginx Plain(string root, BenchedSite site, string pem, string tls, out int port)
    {
        port = Ports.Free();
        File.WriteAllText(Path.Combine(root, "site.pem"), pem);
        File.Copy(tls, Path.Combine(root, "tls.conf"));
        var configuration = Path.Combine(root, "nginx.conf");
        File.WriteAllText(configuration, BenchedNginx.Frame(root, $$"""
              include tls.conf;
              upstream app {
                server {{site.Upstream}};
                keepalive 16;
              }
              server {
                listen 127.0.0.1:{{port}} ssl http2;
                server_name {{site.Host}};
                ssl_certificate site.pem;
                ssl_certificate_key site.pem;
                location / {
                  proxy_pass http://app;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_set_header Host $host;
                }
              }
            """));
        return new BenchedNginx(root, configuration);
    }

    private static void Print(Server[] servers)
    {
        var table = new Table().Title("Under load").AddColumns("Server", "Requests/s", "Ratio", "Handshakes/s", "Ratio");
        foreach (var server in servers)
        {
            table.AddRow(server.Name, $"{Middle(server.Requests):N0}", $"{Middle(server.Requests) / Middle(servers[0].Requests):0.00}",
                $"{Middle(server.Handshakes):N0}", $"{Middle(server.Handshakes) / Middle(servers[0].Handshakes):0.00}");
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"""
            h2load on this machine, in turns, medians of {Rounds}. Requests: 32 kept HTTP/1.1 connections over TLS. Handshakes: full ones, 400 connections at
            once, with a request each. The same TLS settings and the same upstream, an nginx that answers a word. The edge's nginx reads the
            certificate at each full handshake (a new one needs no reload), sets the headers that say who asked, and knows 10,000 names.
            Apps past the first few hundred get a connection for each request (ops/adr/0004).

            """);
    }

    private static double Middle(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
