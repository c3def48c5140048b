using System.Diagnostics;
using CliWrap;
using CliWrap.Buffered;

namespace Boottify.Benchmarks.Edge;

/// <summary>A command that gets one certificate. Each of its folders is an account that is registered before anything is measured.</summary>
/// <param name="Register">Run once for each folder.</param>
/// <param name="Order">The arguments for one name.</param>
internal sealed record OtherClient(string Name, string Command, string CaSetting, Func<string, string, IReadOnlyList<string>> Order, Func<string, IReadOnlyList<string>>? Register = null)
{
    /// <summary>Debian's certbot and lego, HTTP-01 by files that an nginx serves: so several may run at once.</summary>
    public static IReadOnlyList<OtherClient> All(Uri directory, string webRoot)
    {
        IReadOnlyList<string> Folders(string folder) =>
            ["--server", directory.AbsoluteUri, "--config-dir", $"{folder}/config", "--work-dir", $"{folder}/work", "--logs-dir", $"{folder}/logs", "-n"];
        return
        [
            new("certbot", "certbot", "REQUESTS_CA_BUNDLE",
                (folder, name) => ["certonly", "--webroot", "-w", webRoot, "-d", name, .. Folders(folder)],
                folder => ["register", "--agree-tos", "--register-unsafely-without-email", .. Folders(folder)]),
            new("lego", "lego", "LEGO_CA_CERTIFICATES",
                (folder, name) => ["--accept-tos", "--email", "bench@example.test", "--server", directory.AbsoluteUri, "--path", folder, "--http", "--http.webroot", webRoot, "--domains", name, "run"]),
        ];
    }

    /// <returns>How long it takes for all names, with that many running at once.</returns>
    public async Task<TimeSpan> OrderAsync(BenchPebble pebble, string folder, BenchNames names, int count, int atOnce)
    {
        var folders = Enumerable.Range(0, atOnce).Select(n => Path.Combine(folder, $"{Name}-{atOnce}-{n}")).ToArray();
        // lego registers with its first order.
        foreach (var own in folders)
            await RunAsync(pebble, Register?.Invoke(own) ?? Order(own, names.Next(1)[0]));
        var queue = new Queue<string>(names.Next(count));
        var since = Stopwatch.GetTimestamp();
        await Task.WhenAll(folders.Select(async own =>
        {
            while (queue.TryDequeue(out var name))
                await RunAsync(pebble, Order(own, name));
        }));
        return Stopwatch.GetElapsedTime(since);
    }

    private async Task RunAsync(BenchPebble pebble, IReadOnlyList<string> arguments)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await Cli.Wrap(Command).WithArguments(arguments).WithEnvironmentVariables(new Dictionary<string, string?>(StringComparer.Ordinal) { [CaSetting] = pebble.Ca })
            .ExecuteBufferedAsync(deadline.Token);
    }
}
