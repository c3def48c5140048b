using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Boottify.IntegrationTests.Domains;

/// <summary>
/// A recursive resolver whose cache says of every name that it does not exist; it knows no more than that each zone of two
/// labels has one server, <c>ns</c>, at the address, and which name is an alias of another zone's top.
/// </summary>
public sealed class ForgetfulResolver(IPAddress server) : IAsyncDisposable
{
    private const int NS = 2;
    private const int CNAME = 5;

    private static readonly byte[] Question = [0xC0, 12];

    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<string, byte> asked = new(StringComparer.Ordinal);
    private UdpClient? socket;
    private Task serving = Task.CompletedTask;

    /// <summary>A name, and the zone whose top it is an alias of; that zone's server is at an address where nobody answers.</summary>
    public (string Name, string Zone)? Alias { get; set; }

    public IReadOnlyCollection<string> Asked => [.. asked.Keys];

    public IPEndPoint Address
    {
        get
        {
            if (socket is null)
            {
                socket = new UdpClient(new IPEndPoint(IPAddress.Parse("127.0.0.4"), 0));
                serving = ServeAsync(socket);
            }

            return (IPEndPoint)socket.Client.LocalEndPoint!;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await serving;
        socket?.Dispose();
        stopping.Dispose();
    }

    private async Task ServeAsync(UdpClient on)
    {
        try
        {
            while (true)
            {
                var question = await on.ReceiveAsync(stopping.Token);
                await on.SendAsync(Answer(question.Buffer), question.RemoteEndPoint, stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    /// <summary>RFC 1035, 4.1: header, the question again, and the records; a pointer to the question's name is the first one's.</summary>
    private byte[] Answer(byte[] question)
    {
        var nameEnd = 12 + Array.IndexOf(question[12..], (byte)0) + 1;
        var type = (question[nameEnd] << 8) | question[nameEnd + 1];
        var name = question[12..nameEnd];
        var labels = Labels(name);
        asked.TryAdd(type switch { 1 => "A", NS => "NS", _ => "other" }, 0);
        var asking = string.Join('.', labels);
        byte[][] records = [];
        if (type == NS && asking == Alias?.Name)
            records = [Record(Question, CNAME, Name(Alias.Value.Zone)), Record(Name(Alias.Value.Zone), NS, Name($"ns.{Alias.Value.Zone}"))];
        else if (type == NS && labels.Count == 2)
            records = [Record(Question, NS, Name($"ns.{asking}"))];
        else if (type == 1 && labels[0] == "ns")
            records = [Record(Question, type, asking == $"ns.{Alias?.Zone}" ? [127, 0, 0, 5] : server.GetAddressBytes())];
        byte[] header = [question[0], question[1], 0x81, (byte)(0x80 | (records.Length == 0 ? 3 : 0)), 0, 1, 0, (byte)records.Length, 0, 0, 0, 0];
        return [.. header, .. question[12..(nameEnd + 4)], .. records.SelectMany(record => record)];
    }

    private static byte[] Record(byte[] owner, int type, byte[] data) => [.. owner, 0, (byte)type, 0, 1, 0, 0, 0, 60, 0, (byte)data.Length, .. data];

    private static byte[] Name(string name) => [.. name.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];

    private static List<string> Labels(byte[] name)
    {
        var labels = new List<string>();
        for (var at = 0; name[at] != 0; at += name[at] + 1)
            labels.Add(Encoding.ASCII.GetString(name, at + 1, name[at]));
        return labels;
    }
}
