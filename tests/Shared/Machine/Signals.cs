using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Boottify.Testing;

/// <summary>kill(2), for processes that these tests or this checkout's ops/up started.</summary>
internal static partial class Signals
{
    public const int HangUp = 1;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    private const int NoSuchProcess = 3;

    /// <param name="process">A negative number is a process group. One that is gone already is fine.</param>
    public static void Send(int process, int signal)
    {
        if (process is 0 or 1 or -1)
            throw new ArgumentOutOfRangeException(nameof(process), process, "Not a process of ours.");
        if (SendSignal(process, signal) != 0 && Marshal.GetLastPInvokeError() is var error and not NoSuchProcess)
            throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
