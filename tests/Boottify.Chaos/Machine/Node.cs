using System.Diagnostics;

namespace Boottify.Chaos.Machine;

/// <summary>One control plane, a real process of the program that ops/up built.</summary>
public sealed class Node : IDisposable
{
    private readonly Process process;
    private readonly string pidFile;
    private TaskCompletionSource paused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Node(Process process, int port, string log)
    {
        (this.process, Port, Log, Pid) = (process, port, log, process.Id);
        pidFile = Path.Combine(Checkout.State, "chaos", $"{process.Id}.pid");
        // For ops/chaos, which ends what a killed test run has left: as ops/lib.sh writes it.
        var stat = File.ReadAllText($"/proc/{process.Id}/stat");
        File.WriteAllText(pidFile, $"{process.Id} {stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]}\n");
    }

    public int Port { get; }

    public string Log { get; }

    /// <summary>Known also once it has ended.</summary>
    public int Pid { get; }

    public bool IsPaused { get; private set; }

    /// <summary>Completed while it stands still: a balancer that asks for its health lets go of its connections then.</summary>
    public Task Paused => paused.Task;

    public bool IsAlive => !process.HasExited;

    public bool TakesRequests => IsAlive && !IsPaused && IsReady;

    public bool IsReady { get; private set; }

    /// <summary>Whether a step's node, as its events name it, is this one.</summary>
    public bool Is(string? name) => name?.Contains($"-{Pid}-", StringComparison.Ordinal) == true;

    public static async Task<Node> StartAsync(int port, IReadOnlyDictionary<string, string>? more = null)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Checkout.State, "chaos")).FullName;
        var log = Path.Combine(folder, $"node-{port}.log");
        var program = Path.Combine(Checkout.State, "bin", "Boottify", "Boottify.dll");
        // exec: the process that is signalled is the node itself.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >> \"$0\" 2>&1", log, "dotnet", program]) { WorkingDirectory = "/", UseShellExecute = false };
        foreach (var (name, value) in Checkout.ReadSettings().Concat(more ?? new Dictionary<string, string>()))
            start.Environment[name] = value;
        start.Environment["BOOTTIFY_LISTEN"] = $"http://127.0.0.1:{port}";
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        var node = new Node(Process.Start(start)!, port, log);
        await node.UntilReadyAsync();
        return node;
    }

    public void Kill()
    {
        Signals.Send(Pid, Signals.Kill);
        process.WaitForExit();
    }

    public void Pause()
    {
        IsPaused = true;
        Signals.Send(Pid, Signals.Stop);
        paused.TrySetResult();
    }

    public void Continue()
    {
        Signals.Send(Pid, Signals.Continue);
        IsPaused = false;
        paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Asks it to stop, as a rolling update does.</summary>
    public void Terminate()
    {
        IsReady = false;
        Signals.Send(Pid, Signals.Terminate);
    }

    /// <returns>Its exit code; it is killed when it has none after a minute.</returns>
    public async Task<int> EndAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
        }

        return process.ExitCode;
    }

    public void Dispose()
    {
        if (IsAlive)
            Kill();
        process.Dispose();
        File.Delete(pidFile);
    }

    private async Task UntilReadyAsync()
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var since = Stopwatch.StartNew();
        while (since.Elapsed < TimeSpan.FromMinutes(2) && IsAlive)
        {
            try
            {
                using var answer = await client.GetAsync($"http://127.0.0.1:{Port}/health/ready");
                if (IsReady = answer.IsSuccessStatusCode)
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // Not listening yet.
            }

            await Task.Delay(50);
        }

        throw new InvalidOperationException($"A control plane did not get ready on port {Port}: see {Log}.");
    }
}
