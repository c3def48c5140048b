using System.Diagnostics;
using System.Globalization;
using CliWrap;
using CliWrap.Buffered;

namespace Boottify.Benchmarks.Edge;

/// <summary>
/// An nginx of the benchmark's own. Its configuration keeps the pid file in <paramref name="folder"/>; if it is to be reloaded,
/// it answers <c>return 200 "N"</c> on a socket of its own.
/// </summary>
/// <param name="configuration">The main file.</param>
/// <param name="probe">That socket's path.</param>
internal sealed class BenchedNginx(string folder, string configuration, string probe = "") : IAsyncDisposable
{
    private long generation;

    private int Pid => int.Parse(File.ReadAllText(Path.Combine(folder, "nginx.pid")), CultureInfo.InvariantCulture);

    private IReadOnlyList<int> Children =>
        [.. File.ReadAllText($"/proc/{Pid}/task/{Pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pid => int.Parse(pid, CultureInfo.InvariantCulture))];

    /// <summary>Everything that all servers of the comparison have alike.</summary>
    public static string Frame(string folder, string http) => $$"""
        user www-data;
        daemon on;
        pid {{folder}}/nginx.pid;
        error_log {{folder}}/error.log warn;
        worker_processes auto;
        events { worker_connections 8192; }
        http {
          access_log off;
          server_tokens off;
          sendfile on;
          tcp_nopush on;
        {{http}}
        }
        """;

    public Task StartAsync() => RunAsync();

    /// <returns>How long <c>nginx -t</c> takes.</returns>
    public Task<TimeSpan> TestAsync() => RunAsync("-t", "-q");

    /// <returns>From the signal until the new generation answers, and until no worker from before takes connections, for which nginx lets 100 ms pass.</returns>
    public async Task<(TimeSpan Answers, TimeSpan Alone)> ReloadAsync()
    {
        var (before, text) = (Children, await File.ReadAllTextAsync(configuration));
        var was = text.Split("return 200 \"")[1].Split('"')[0];
        generation = Math.Max(generation, 1_000_000) + 1;
        await File.WriteAllTextAsync(configuration, text.Replace($"return 200 \"{was}\"", $"return 200 \"{generation}\"", StringComparison.Ordinal));
        var since = Stopwatch.GetTimestamp();
        Signals.Send(Pid, Signals.HangUp);
        await Until.Async(async stop => await AnswersAsync(stop) == generation, "nginx serves the new configuration", everyMilliseconds: 1);
        var answers = Stopwatch.GetElapsedTime(since);
        await Until.Async(_ => Task.FromResult(!before.Any(Serves)), "nginx's old workers leave");
        return (answers, Stopwatch.GetElapsedTime(since));
    }

    /// <returns>The mean of the workers, in MB: all that is in memory, and with what is shared split among those who share it.</returns>
    public async Task<(double Resident, double Proportional)> MemoryAsync()
    {
        await Until.Async(_ => Task.FromResult(Children.All(Serves)), "nginx's old workers end");
        var workers = Children.Select(pid => File.ReadLines($"/proc/{pid}/smaps_rollup").ToArray()).ToArray();
        double Mean(string field) => workers.Average(lines => lines.Where(line => line.StartsWith(field, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture))) / 1024;
        return (Mean("Rss:"), Mean("Pss:"));
    }

    public async ValueTask DisposeAsync()
    {
        var file = Path.Combine(folder, "nginx.pid");
        if (!File.Exists(file))
            return;
        Signals.Send(Pid, Signals.Terminate);
        await Until.Async(_ => Task.FromResult(!File.Exists(file)), "nginx ends", seconds: 20);
    }

    private async Task<TimeSpan> RunAsync(params string[] more)
    {
        var since = Stopwatch.GetTimestamp();
        var result = await Cli.Wrap(BenchPlatform.Setting("BOOTTIFY_NGINX")).WithArguments(["-c", configuration, "-p", folder + "/", "-e", "stderr", .. more])
            .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync();
        return result.IsSuccess ? Stopwatch.GetElapsedTime(since) : throw new InvalidOperationException($"nginx refuses {configuration}: {result.StandardError}");
    }

    private async Task<long> AnswersAsync(CancellationToken stop)
    {
        using var client = Clients.OnSocket(probe);
        return long.Parse(await client.GetStringAsync(new Uri("http://nginx/generation"), stop), CultureInfo.InvariantCulture);
    }

    private static bool Serves(int worker)
    {
        try
        {
            return File.ReadAllText($"/proc/{worker}/cmdline") is { Length: > 0 } title && !title.Contains("shutting down", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
