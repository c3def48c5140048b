using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Boottify.IntegrationTests.Domains;

/// <summary>What stands at a domain's port 80: nothing at first, then a server that answers as it is told, or that hands all on to the real edge.</summary>
/// <param name="at">The edge's address when null.</param>
/// <param name="port">One that is free when null.</param>
public sealed class PortEighty(IPAddress? at = null, int? port = null) : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> open = [];
    private TcpListener? listener;
    private Task accepting = Task.CompletedTask;
    private volatile string answer = "";
    private int asked;

    public int Port { get; } = port ?? FreePorts.Next();

    public int Asked => asked;

    /// <summary>Where connections are handed on to; null for nowhere.</summary>
    public IPEndPoint? Behind { get; set; }

    /// <summary>From now on there is a server, and this is all it says; nothing at all for a silent one.</summary>
    public void Answer(string with)
    {
        answer = with;
        if (listener is not null)
            return;
        listener = new TcpListener(at ?? IPAddress.Parse(Cluster.RealPlatform.Setting("BOOTTIFY_EDGE_ADDRESS")), Port);
        listener.Start();
        accepting = AcceptAsync(listener);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener?.Stop();
        await accepting;
        await Task.WhenAll(open);
        stopping.Dispose();
    }

    private async Task AcceptAsync(TcpListener on)
    {
        try
        {
            while (true)
                open.Add(ServeAsync(await on.AcceptTcpClientAsync(stopping.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // Told to stop.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                if (Behind is { } edge)
                {
                    using var server = new TcpClient();
                    await server.ConnectAsync(edge, stopping.Token);
                    await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream(), stopping.Token), server.GetStream().CopyToAsync(client.GetStream(), stopping.Token));
                    return;
                }

                var request = new byte[4096];
                var count = await client.GetStream().ReadAsync(request, stopping.Token);
                Interlocked.Increment(ref asked);
                if (answer.Length == 0)
                    await Task.Delay(Timeout.Infinite, stopping.Token);
                var path = Encoding.ASCII.GetString(request, 0, count).Split(' ').ElementAtOrDefault(1) ?? "";
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer.Replace("{path}", path, StringComparison.Ordinal)), stopping.Token);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Either side is gone.
            }
        }
    }
}
