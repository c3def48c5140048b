using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Boottify.Edge.Tests.Support;

/// <summary>An edge's way to the real database, which a test can shut; keeps what the edge has sent.</summary>
internal sealed class DatabaseDoor : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<byte[]> _sent = new();
    private readonly Task _accepting;
    private CancellationTokenSource _shut = new();
    private volatile bool _open;

    public DatabaseDoor(bool open)
    {
        _open = open;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Everything that came in for the server.</summary>
    public string Sent => Encoding.Latin1.GetString([.. _sent.SelectMany(bytes => bytes)]);

    public void Open() => _open = true;

    /// <summary>Ends what is open, and whoever comes from now on.</summary>
    public async Task ShutAsync()
    {
        _open = false;
        await Interlocked.Exchange(ref _shut, new CancellationTokenSource()).CancelAsync();
    }

    private async Task AcceptAsync()
    {
        var carrying = new List<Task>();
        try
        {
            while (true) carrying.Add(CarryAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(carrying);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, Volatile.Read(ref _shut).Token);
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                if (!_open) return;
                await server.ConnectAsync(OwnDatabase.Host, OwnDatabase.Port, ending.Token);
                await Task.WhenAny(KeepAsync(client.GetStream(), server.GetStream(), ending.Token), server.GetStream().CopyToAsync(client.GetStream(), ending.Token));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Either side is gone; the other learns of it as this ends.
            }
        }
    }

    private async Task KeepAsync(NetworkStream from, NetworkStream to, CancellationToken cancellation)
    {
        var buffer = new byte[16384];
        while (await from.ReadAsync(buffer, cancellation) is > 0 and var count)
        {
            _sent.Enqueue(buffer[..count]);
            await to.WriteAsync(buffer.AsMemory(0, count), cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
        _shut.Dispose();
    }
}
