using CliWrap;
using CliWrap.Buffered;

namespace Boottify.Chaos.Machine;

/// <summary>
/// One of the real components, by the scripts that ops/up starts it with. It is stopped by its own pid alone, and always
/// brought back: by the row that took it away, or at the end by <see cref="RestoreAsync"/>.
/// </summary>
/// <param name="name">A file of ops/components.</param>
/// <param name="pidFile">Says its pid, in the shell of ops/lib.sh once the component is loaded.</param>
/// <param name="whole">Signals go to all its processes.</param>
public sealed class Component(string name, bool shared = false, string pidFile = "$pidfile", bool whole = false)
{
    public static readonly Component Postgres = new("postgres");
    public static readonly Component Docker = new("docker", shared: true);
    public static readonly Component ApiServer = new("kubernetes", shared: true, "$(pidfile_of kube-apiserver)");
    public static readonly Component Registry = new("registry");
    public static readonly Component Dns = new("dns");
    public static readonly Component Edge = new("edge");
    public static readonly Component Git = new("git", whole: true);
    public static readonly Component ControlPlane = new("control-plane");

    /// <summary>Those that were taken away or held since they were last looked after.</summary>
    private static readonly HashSet<Component> Touched = [];

    /// <summary>A daemon that all checkouts of the machine use.</summary>
    public bool IsShared => shared;

    /// <summary>It stands still until the answer is disposed: whoever talks to it waits.</summary>
    public async Task<IDisposable> FreezeAsync()
    {
        var pid = await PidAsync();
        var target = whole ? -pid : pid;
        Signals.Send(target, Signals.Stop);
        return new Frozen(target);
    }

    /// <summary>Ends it without a word.</summary>
    public async Task KillAsync() => Signals.Send(await PidAsync(), Signals.Kill);

    /// <summary>Starts it again, and waits until it is healthy.</summary>
    public Task StartAsync() => ShellAsync("""start; await "$deadline" healthy || { show_log; exit 1; }""");

    /// <summary>Stops it as its own script does, and starts it.</summary>
    public Task RestartAsync()
    {
        Touched.Add(this);
        return ShellAsync((shared ? """end "$pidfile" TERM 30""" : "stop") + """; start; await "$deadline" healthy || { show_log; exit 1; }""");
    }

    public Task StopAsync() => ShellAsync("stop");

    /// <summary>Lets go on what stands still, and starts what is not there.</summary>
    public static async Task RestoreAsync()
    {
        foreach (var component in Touched)
        {
            if (await component.FindPidAsync() is { } pid)
                Signals.Send(component.whole ? -pid : pid, Signals.Continue);
            await component.ShellAsync("""healthy > /dev/null 2>&1 || { start; await "$deadline" healthy; } || { show_log; exit 1; }""");
        }

        Touched.Clear();
    }

    /// <summary>Other checkouts that are up on this machine.</summary>
    public static Task<string> OtherUsersAsync() => ControlPlane.ShellAsync("other_users");

    public override string ToString() => name;

    private readonly bool whole = whole;

    private async Task<int> PidAsync()
    {
        Touched.Add(this);
        return await FindPidAsync() ?? throw new InvalidOperationException($"The component {name} does not run, or was not started by ops/up.");
    }

    private async Task<int?> FindPidAsync() => int.TryParse(await ShellAsync($"pid_of \"{pidFile}\" || true"), out var pid) ? pid : null;

    private async Task<string> ShellAsync(string commands)
    {
        var script = $"set -euo pipefail; source ops/lib.sh; forget_our_own; load {name}; {commands}";
        var result = await Cli.Wrap("bash").WithArguments(["-c", script]).WithWorkingDirectory(Checkout.Root)
            .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(new CancellationTokenSource(TimeSpan.FromMinutes(3)).Token);
        return result.ExitCode == 0
            ? result.StandardOutput.Trim()
            : throw new InvalidOperationException($"{name}: '{commands}' failed.\n{result.StandardOutput}\n{result.StandardError}");
    }

    private sealed class Frozen(int target) : IDisposable
    {
        public void Dispose() => Signals.Send(target, Signals.Continue);
    }
}
