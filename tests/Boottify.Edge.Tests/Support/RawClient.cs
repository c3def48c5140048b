using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Boottify.Edge.Tests.Support;

/// <summary>A connection over plain HTTP with bytes as no HTTP client would send them, from any address of loopback.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(4);

    private readonly Socket _socket;

    private RawClient(Socket socket) => _socket = socket;

    /// <param name="from">The client's own address, such as 127.0.0.2.</param>
    public static async Task<RawClient> SendAsync(int port, string request, string from = "127.0.0.1")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var client = new RawClient(socket);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await client.SendAsync(request);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public async Task SendAsync(string more) => await _socket.SendAsync(Encoding.ASCII.GetBytes(more));

    /// <summary>Everything until nginx closes; ask it to (<c>Connection: close</c>). It resets a connection whose client owes it a body still.</summary>
    public async Task<string> AnswerAsync()
    {
        using var deadline = new CancellationTokenSource(s_patience);
        var (answer, buffer) = (new StringBuilder(), new byte[4096]);
        try
        {
            for (int count; (count = await _socket.ReceiveAsync(buffer, deadline.Token)) > 0;) answer.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
        catch (SocketException) when (answer.Length > 0)
        {
        }

        return answer.ToString();
    }

    /// <summary>One request and its answer.</summary>
    public static async Task<string> AskAsync(int port, string request, string from = "127.0.0.1")
    {
        using var client = await SendAsync(port, request, from);
        return await client.AnswerAsync();
    }

    public static string Get(string host, string path = "/") => $"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";

    public void Dispose() => _socket.Dispose();
}
