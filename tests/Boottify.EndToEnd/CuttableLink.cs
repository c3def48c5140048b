using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Boottify.EndToEnd;

/// <summary>A connection to the platform that a test can cut, as a network or a proxy would: without a word to either side.</summary>
public sealed class CuttableLink : IAsyncDisposable
{
    private readonly Uri target;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> open = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    public CuttableLink(Uri target)
    {
        this.target = target;
        listener.Start();
        Url = new UriBuilder(target) { Port = ((IPEndPoint)listener.LocalEndpoint).Port }.Uri;
        accepting = AcceptAsync();
    }

    /// <summary>The platform, by way of this link.</summary>
    public Uri Url { get; }

    /// <summary>Ends every open connection; new ones are let through.</summary>
    /// <returns>How many there were.</returns>
    public int Cut()
    {
        var cut = 0;
        foreach (var client in open.Keys)
        {
            // Whoever takes it out of the list closes it: one that ends by itself in this moment is not ours any more.
            if (!open.TryRemove(client, out _))
                continue;
            // A reset, not a polite end, which could be taken for the stream's own.
            client.LingerState = new LingerOption(true, 0);
            client.Close();
            cut++;
        }

        return cut;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        Cut();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var carrying = new List<Task>();
        try
        {
            while (true)
                carrying.Add(CarryAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(carrying);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var server = new TcpClient();
        open[client] = 0;
        try
        {
            await server.ConnectAsync(target.Host, target.Port, stop.Token);
            await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream(), stop.Token), server.GetStream().CopyToAsync(client.GetStream(), stop.Token));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Either side is gone; the other learns of it below.
        }

        if (open.TryRemove(client, out _))
            client.Dispose();
    }
}
