using System.Net;
using System.Net.Sockets;

namespace Boottify.Chaos.Machine;

/// <summary>
/// The load balancer before the nodes, at the platform's own address: each connection goes to one of them, and breaks with it.
/// </summary>
public sealed class Front : IDisposable
{
    private readonly TcpListener listener;
    private readonly Func<IReadOnlyList<Node>> nodes;
    private int next;

    public Front(int port, Func<IReadOnlyList<Node>> nodes)
    {
        this.nodes = nodes;
        listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start(512);
        _ = AcceptAsync();
    }

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            if (await ConnectAsync() is not var (node, upstream))
                return;
            using var both = upstream;
            try
            {
                await Task.WhenAny(
                    client.GetStream().CopyToAsync(upstream.GetStream()),
                    upstream.GetStream().CopyToAsync(client.GetStream()),
                    node.Paused);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                // One of the two is gone, and so is the connection.
            }
        }
    }

    private async Task<(Node Node, TcpClient Upstream)?> ConnectAsync()
    {
        for (var tries = 0; tries < 100; tries++)
        {
            var ready = nodes().Where(node => node.TakesRequests).ToArray();
            if (ready.Length > 0)
            {
                var node = ready[(uint)Interlocked.Increment(ref next) % ready.Length];
                var upstream = new TcpClient { NoDelay = true };
                try
                {
                    await upstream.ConnectAsync(IPAddress.Loopback, node.Port);
                    return (node, upstream);
                }
                catch (SocketException)
                {
                    upstream.Dispose();
                }
            }

            await Task.Delay(100);
        }

        return null;
    }
}
