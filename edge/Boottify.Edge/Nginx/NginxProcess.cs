using System.Globalization;
using System.Text;
using Boottify.Edge.Files;
using CliWrap;

namespace Boottify.Edge.Nginx;

/// <summary>
/// The nginx of this edge: started as a daemon of its own, so that it serves on while the edge is away, and found again
/// by its pid file and command line. Never touches another nginx on the machine.
/// </summary>
public sealed class NginxProcess(EdgeSettings settings, EdgeFolders folders, Generations generations)
{
    /// <summary>
    /// nginx keeps its configuration in blocks of 16 KB, and gives the old one back only after it has read the new one. On the
    /// heap that leaves a hole as large as a configuration, which each worker then has, too (20 MB became 31 at 10,000 hosts).
    /// Blocks of this size in mappings of their own go back to the system.
    /// </summary>
    private static readonly Dictionary<string, string?> s_environment = new() { ["MALLOC_MMAP_THRESHOLD_"] = "16384" };

    private const int TookTooLong = -1;
    private static readonly TimeSpan s_commandTime = TimeSpan.FromSeconds(30);

    private string PidFile => Path.Combine(folders.Nginx, "nginx.pid");

    /// <summary>The master's pid if this edge's nginx runs.</summary>
    /// <exception cref="IOException">Its file is there and cannot be read: nobody knows.</exception>
    public int? Pid
    {
        get
        {
            if (!int.TryParse(PidText(), NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var pid)) return null;
            var command = CommandLineOf(pid);
            return command is not null && command.Contains("nginx", StringComparison.Ordinal) && command.Contains(generations.CurrentConfiguration, StringComparison.Ordinal)
                ? pid
                : null;
        }
    }

    /// <summary>Pids of the workers that take new connections: those that are not finishing what they had.</summary>
    public IReadOnlyList<int> ServingWorkers() => Pid is { } master
        ? [.. ChildrenOf(master).Where(IsServing)]
        : [];

    /// <summary>Workers of earlier generations that still finish what they had.</summary>
    public int LeavingWorkers() => Pid is { } master ? ChildrenOf(master).Count(pid => !IsServing(pid)) : 0;

    public static bool IsServing(int worker) =>
        CommandLineOf(worker) is { Length: > 0 } title && !title.Contains("shutting down", StringComparison.Ordinal);

    /// <summary>Lets nginx check a configuration. Null when it is fine, else with what nginx said.</summary>
    public async Task<NginxRefusedException?> TestAsync(string configuration, CancellationToken cancellation)
    {
        var (code, words) = await RunAsync(["-t", "-q", "-c", configuration, "-p", folders.Nginx + "/", "-e", "stderr"], cancellation);
        return code == 0 ? null : new NginxRefusedException(words, mayPass: code == TookTooLong);
    }

    /// <exception cref="NginxRefusedException">It did not start; the message says what nginx said.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        // A killed nginx leaves its socket behind, and refuses to start because of it.
        File.Delete(folders.ProbeSocket);
        var (code, words) = await RunAsync(["-c", generations.CurrentConfiguration, "-p", folders.Nginx + "/"], cancellation);
        if (code != 0) throw new NginxRefusedException($"nginx did not start: {words}", mayPass: true);
    }

    /// <summary>Tells nginx to read its configuration again. False when it does not run.</summary>
    public bool Reload() => Pid is { } pid && Posix.Signal(pid, Posix.HangUp);

    private async Task<(int Code, string Words)> RunAsync(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(s_commandTime);
        var words = new StringBuilder();
        try
        {
            var result = await Cli.Wrap(settings.Nginx).WithArguments(arguments).WithEnvironmentVariables(s_environment).WithValidation(CommandResultValidation.None)
                .WithStandardErrorPipe(PipeTarget.ToStringBuilder(words)).ExecuteAsync(deadline.Token);
            return (result.ExitCode, words.ToString().Trim());
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (TookTooLong, $"nginx took longer than {s_commandTime.TotalSeconds} s. {words}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new NginxRefusedException($"{settings.Nginx} cannot be run ({e.Message}). Install nginx, or set BOOTTIFY_NGINX to its path.", mayPass: true);
        }
    }

    private string? PidText()
    {
        try
        {
            return File.ReadAllText(PidFile);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null; // Not there, or gone at this moment: nginx removes it when it ends.
        }
    }

    private static IEnumerable<int> ChildrenOf(int pid)
    {
        try
        {
            return [.. File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
        }
        catch (IOException)
        {
            return []; // Gone in between.
        }
    }

    private static string? CommandLineOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
