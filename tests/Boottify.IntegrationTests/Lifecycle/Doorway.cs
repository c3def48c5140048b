using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Boottify.IntegrationTests.Lifecycle;

/// <summary>What a <see cref="Doorway"/> does with those who come.</summary>
public enum DoorState
{
    Open,

    /// <summary>Connections are ended at once, as by a service that is down.</summary>
    Closed,

    /// <summary>Everything is answered with 500, as by a service that is broken.</summary>
    Failing,
}

/// <summary>The way to a real component, which a test can close.</summary>
public sealed class Doorway : IAsyncDisposable
{
    private static readonly byte[] ServerError = Encoding.ASCII.GetBytes("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

    private readonly string host;
    private readonly int port;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;
    private CancellationTokenSource closing = new();
    private volatile DoorState state;

    public Doorway(string host, int port)
    {
        (this.host, this.port) = (host, port);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>How many came while it was not open.</summary>
    public int Refused { get; private set; }

    /// <summary>From now on; connections that are open end.</summary>
    public void Set(DoorState next)
    {
        state = next;
        var old = Interlocked.Exchange(ref closing, new CancellationTokenSource());
        old.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        stop.Dispose();
        closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, closing.Token);
        using (client)
        {
            try
            {
                if (state != DoorState.Open)
                    Refused++;
                if (state == DoorState.Failing)
                {
                    var request = new byte[4096];
                    _ = await client.GetStream().ReadAsync(request, ending.Token);
                    await client.GetStream().WriteAsync(ServerError, ending.Token);
                }

                if (state != DoorState.Open)
                    return;
                using var server = new TcpClient();
                await server.ConnectAsync(host, port, ending.Token);
                await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream(), ending.Token), server.GetStream().CopyToAsync(client.GetStream(), ending.Token));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Either side is gone; the other learns of it as this ends.
            }
        }
    }
}
