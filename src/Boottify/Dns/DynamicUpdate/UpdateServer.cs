using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using Boottify.Builds;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Boottify.Dns.DynamicUpdate;

/// <summary>
/// The primary name server of the platform's zone, spoken to by TCP: a transfer needs it, and an update is rare. Tried anew
/// while it does not answer; all that is asked may be repeated.
/// </summary>
internal sealed class UpdateServer(UpdateSettings settings, DnsSettings zone, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PatienceOfTry = TimeSpan.FromSeconds(5);

    private readonly ResiliencePipeline pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddTimeout(Patience)
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = arguments => ValueTask.FromResult(IsPassing(arguments.Outcome.Exception)),
            MaxRetryAttempts = 3,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(300),
        })
        .AddTimeout(PatienceOfTry)
        .Build();

    /// <param name="request">Made anew for each try, from a new id.</param>
    /// <param name="read">Given each message's records; false: another message follows. What it keeps is to be believed once this call has returned, and not before.</param>
    /// <exception cref="ZoneRefusedException">It refuses, or its answer is not to be trusted; the message says why.</exception>
    /// <exception cref="PassingFaultException">It does not answer, or fails, several times.</exception>
    public async Task AskAsync(Func<int, WireRequest> request, Func<IReadOnlyList<WireRecord>, bool> read, CancellationToken cancellation)
    {
        try
        {
            await pipeline.ExecuteAsync(
                async attempt => await TryAsync(request(RandomNumberGenerator.GetInt32(ushort.MaxValue + 1)), read, attempt), cancellation);
        }
        catch (ZoneRefusedException refused)
        {
            throw new ZoneRefusedException($"{Server}: {refused.Message}.", refused);
        }
        catch (InvalidDataException garbled)
        {
            throw new ZoneRefusedException($"{Server} sends an answer that cannot be read: {garbled.Message}. Is it a name server?", garbled);
        }
        catch (PassingFaultException failing)
        {
            throw new PassingFaultException($"{Server}: {failing.Message}.", failing);
        }
        catch (Exception away) when (IsPassing(away))
        {
            cancellation.ThrowIfCancellationRequested();
            throw new PassingFaultException($"{Server} does not answer: {(away is TimeoutRejectedException ? "it takes too long" : away.Message)}", away);
        }
    }

    private string Server => $"The name server {settings.Host}:{settings.Port} of {UpdateSettings.ServerName}";

    private static bool IsPassing(Exception? fault) => fault is PassingFaultException or SocketException or IOException or TimeoutRejectedException;

    private async Task TryAsync(WireRequest request, Func<IReadOnlyList<WireRecord>, bool> read, CancellationToken cancellation)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(settings.Host, settings.Port, cancellation);
        await using var stream = new NetworkStream(socket);
        var session = new TsigSession(settings.Key, time);
        var signed = session.Sign(request);
        await stream.WriteAsync(new WireWriter().U16(signed.Length).Bytes(signed).Written.ToArray(), cancellation);

        for (var done = false; !done;)
        {
            var answer = WireMessage.Parse(await ReceiveAsync(stream, cancellation));
            if (answer.Id != request.Id || !answer.IsResponse || answer.Opcode != request.Opcode)
                throw new ZoneRefusedException("what it sends is no answer to what was asked");
            // Many a server does not sign that it refuses. Nothing is believed then but that it has not been done.
            if (answer.Tsig is not null || answer.ResponseCode == 0)
                session.Verify(answer);
            ResponseCodes.RequireSuccess(answer, zone.Zone, settings.Key.Name, transfer: request.Opcode == WireRequest.QueryOpcode);
            done = read(answer.Records);
        }

        if (!session.Verified)
            throw new ZoneRefusedException("the end of its answer is not signed, so that anybody may have sent it");
    }

    private static async Task<byte[]> ReceiveAsync(NetworkStream stream, CancellationToken cancellation)
    {
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, cancellation);
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(message, cancellation);
        return message;
    }
}
