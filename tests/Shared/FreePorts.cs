using System.Net;
using System.Net.Sockets;

namespace Boottify.Testing;

/// <summary>
/// Ports for programs that a test starts. Not one of those that the kernel gives to whoever opens a connection: between the look
/// and the program's start anybody may have got it.
/// </summary>
internal static class FreePorts
{
    private const int First = 20_000;
    private const int Last = 32_000;

    // Far apart for processes that run side by side.
    private static int s_next = First + (Environment.ProcessId * 97 % (Last - First));

    /// <exception cref="InvalidOperationException">All are taken.</exception>
    public static int Next()
    {
        for (var tries = First; tries < Last; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_next) % (Last - First));
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }

        throw new InvalidOperationException($"No port from {First} to {Last} is free.");
    }
}
