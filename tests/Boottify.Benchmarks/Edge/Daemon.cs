using System.Collections.Concurrent;
using System.Diagnostics;

namespace Boottify.Benchmarks.Edge;

/// <summary>A program that runs while something is measured, with its last words.</summary>
internal sealed class Daemon : IAsyncDisposable
{
    private const int WordsKept = 30;
    private readonly ConcurrentQueue<string> said = new();
    private readonly Process process;

    public Daemon(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <exception cref="InvalidOperationException">It has ended by itself, or was not ready within two minutes; the message has its last words.</exception>
    public async Task UntilAsync(Func<CancellationToken, Task<bool>> ready, string what)
    {
        try
        {
            await Until.Async(async stop => process.HasExited ? throw new TimeoutException("It has ended.") : await ready(stop), $"{what} gets ready", everyMilliseconds: 20);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"{what} did not get ready. {e.Message} Its last words:\n{string.Join('\n', said)}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            Signals.Send(process.Id, Signals.Terminate);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
    }

    private void Keep(string? line)
    {
        said.Enqueue(line ?? "");
        if (said.Count > WordsKept)
            said.TryDequeue(out _);
    }
}
