using System.Runtime.InteropServices;

namespace Boottify.Benchmarks.Edge;

/// <summary>Signals to a process by its number, without a process of their own that would be measured, too.</summary>
internal static partial class Signals
{
    public const int HangUp = 1;
    public const int Kill = 9;
    public const int Terminate = 15;

    public static void Send(int pid, int signal) => _ = SendTo(pid, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendTo(int pid, int signal);
}
