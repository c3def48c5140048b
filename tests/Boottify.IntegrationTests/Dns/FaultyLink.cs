using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Boottify.IntegrationTests.Dns;

/// <summary>The way to a name server's TCP port, on which the first message of each answer can be changed or lost.</summary>
/// <param name="change">Given how many came before, and the answer. Null: the connection ends without it.</param>
public sealed class FaultyLink : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    public FaultyLink(int port, Func<int, byte[], byte[]?> change)
    {
        listener.Start();
        accepting = AcceptAsync(port, change);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Connections so far.</summary>
    public int Count { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.Dispose();
        stop.Dispose();
    }

    private async Task AcceptAsync(int port, Func<int, byte[], byte[]?> change)
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync(stop.Token);
            try
            {
                using var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, port, stop.Token);
                await SendAsync(server, await ReceiveAsync(client));
                var answer = change(Count++, await ReceiveAsync(server));
                if (answer is not null)
                    await SendAsync(client, answer);
            }
            catch (IOException)
            {
                // The client has given up: the next one may come.
            }
        }
    }

    private async Task<byte[]> ReceiveAsync(TcpClient from)
    {
        var length = new byte[2];
        await from.GetStream().ReadExactlyAsync(length, stop.Token);
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await from.GetStream().ReadExactlyAsync(message, stop.Token);
        return message;
    }

    private async Task SendAsync(TcpClient to, byte[] message) =>
        await to.GetStream().WriteAsync((byte[])[(byte)(message.Length >> 8), (byte)message.Length, .. message], stop.Token);
}
