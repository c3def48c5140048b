using System.Collections.Concurrent;
using System.Diagnostics;
using Boottify.Edge.Files;

namespace Boottify.Edge.Tests.Support;

/// <summary>A program started by a test, with what it said; ended with the test.</summary>
internal sealed class Daemon : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _said = new();

    public Daemon(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Said => string.Join('\n', _said);

    public async Task UntilAsync(Func<CancellationToken, Task<bool>> ready, string what)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!deadline.IsCancellationRequested)
        {
            if (_process.HasExited) throw new InvalidOperationException($"{what} ended by itself:\n{Said}");
            try
            {
                if (await ready(deadline.Token)) return;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
            }

            await Task.Delay(25);
        }

        throw new InvalidOperationException($"{what} did not get ready in two minutes:\n{Said}");
    }

    /// <summary>Holds the process still (SIGSTOP); its connections stay open and nothing answers.</summary>
    public void Pause() => Posix.Signal(_process.Id, 19);

    /// <summary>Lets a paused process go on (SIGCONT).</summary>
    public void Resume() => Posix.Signal(_process.Id, 18);

    public Task TerminateAsync() => EndAsync(Posix.Terminate);

    public Task KillAsync() => EndAsync(9);

    private async Task EndAsync(int signal)
    {
        if (!_process.HasExited) Posix.Signal(_process.Id, signal);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }
}
