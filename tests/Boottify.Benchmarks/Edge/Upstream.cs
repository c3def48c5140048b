namespace Boottify.Benchmarks.Edge;

/// <summary>The app behind all servers: an nginx that answers a word, at two addresses.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private readonly BenchedNginx nginx;

    private Upstream(string folder)
    {
        var configuration = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(configuration, BenchedNginx.Frame(folder, $$"""
              keepalive_requests 1000000;
              server {
                listen {{Address}};
                listen {{Other}};
                default_type text/plain;
                return 200 "hello\n";
              }
            """));
        nginx = new BenchedNginx(folder, configuration);
    }

    public string Address { get; } = $"127.0.0.1:{Ports.Free()}";
    public string Other { get; } = $"127.0.0.1:{Ports.Free()}";

    public static async Task<Upstream> StartAsync(string folder)
    {
        var upstream = new Upstream(folder);
        await upstream.nginx.StartAsync();
        return upstream;
    }

    public ValueTask DisposeAsync() => nginx.DisposeAsync();
}
