using System.Net;
using System.Net.Sockets;

namespace Boottify.IntegrationTests.Domains;

/// <summary>A name server on a port of its own that answers every question with SERVFAIL, or not at all.</summary>
public sealed class FailingNameServer : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly UdpClient socket = new(new IPEndPoint(IPAddress.Parse("127.0.0.3"), 0));
    private readonly Task serving;

    public FailingNameServer() => serving = ServeAsync();

    public int Port => ((IPEndPoint)socket.Client.LocalEndPoint!).Port;

    public bool Answers { get; set; } = true;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await serving;
        socket.Dispose();
        stopping.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var question = await socket.ReceiveAsync(stopping.Token);
                if (!Answers)
                    continue;
                // The question itself, without the record of EDNS, as an answer with code 2 (RFC 1035, 4.1.1).
                var end = 12 + Array.IndexOf(question.Buffer[12..], (byte)0) + 5;
                var answer = question.Buffer[..end];
                (answer[2], answer[3], answer[10], answer[11]) = (0x80, 0x02, 0, 0);
                await socket.SendAsync(answer, question.RemoteEndPoint, stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }
}
