using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Boottify.Edge.Tests.Support;

/// <summary>An app that takes connections and answers each request with the same bytes, or never.</summary>
internal sealed class BareApp : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, Needed.FreePort());
    private readonly ConcurrentBag<Socket> _held = [];
    private readonly Task _taking;

    /// <param name="answer">What goes out, after which the connection is closed; null for silence.</param>
    public BareApp(string? answer)
    {
        _listener.Start(512);
        _taking = TakeAsync(answer);
    }

    public string Upstream => _listener.LocalEndpoint.ToString()!;

    /// <summary>Connections that wait for an answer which does not come.</summary>
    public int Held => _held.Count;

    private async Task TakeAsync(string? answer)
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                if (answer is null) _held.Add(socket);
                else await AnswerAsync(socket, answer);
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private static async Task AnswerAsync(Socket socket, string answer)
    {
        using var _ = socket;
        try
        {
            await socket.ReceiveAsync(new byte[4096]);
            await socket.SendAsync(Encoding.Latin1.GetBytes(answer));
        }
        catch (SocketException)
        {
            // nginx has left.
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _taking;
        foreach (var socket in _held) socket.Dispose();
    }
}
