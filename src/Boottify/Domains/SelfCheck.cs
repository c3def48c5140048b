using System.Net;
using System.Net.Sockets;
using System.Text;
using Boottify.Contracts.Edge;

namespace Boottify.Domains;

/// <summary>
/// Asks one address, under a host's name, whether our edge is what answers there on port 80: what a certificate authority will
/// find when it looks for a challenge. No name is resolved and no redirect followed, so nothing but the address is connected to.
/// </summary>
public sealed class SelfCheck(SelfCheckProof proof, DomainSettings settings, TimeProvider time)
{
    /// <summary>A configuration that is being loaded, or a lost packet, is over by the second time.</summary>
    private const int Tries = 2;

    /// <summary>Ours has 43 bytes.</summary>
    private const int MostBytes = 1024;
    private const int MostHeaderKilobytes = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    /// <param name="address">One that was seen to be the edge's.</param>
    public async Task<SelfCheckSight> AskAsync(HostName host, IPAddress address, CancellationToken cancellation)
    {
        var target = new IPEndPoint(address, settings.SelfCheckPort);
        if (target.Port == 0)
            return new SelfCheckSight(target, SelfCheckAnswer.Ours);
        for (var tries = 1; ; tries++)
        {
            var seen = await AskOnceAsync(host, target, cancellation);
            if (seen.Answer == SelfCheckAnswer.Ours || tries == Tries)
                return seen;
            await Task.Delay(Pause * (1 + Random.Shared.NextDouble()), time, cancellation);
        }
    }

    private async Task<SelfCheckSight> AskOnceAsync(HostName host, IPEndPoint target, CancellationToken cancellation)
    {
        var token = proof.NewToken(host);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            using var client = new HttpClient(HandlerTo(target)) { Timeout = Timeout.InfiniteTimeSpan };
            using var answer = await client.GetAsync(new Uri($"http://{host}{SelfCheckProof.Path}{token}"), HttpCompletionOption.ResponseHeadersRead, patience.Token);
            var status = (int)answer.StatusCode;
            if (status is >= 300 and < 400)
                return new SelfCheckSight(target, SelfCheckAnswer.Redirect, status, answer.Headers.Location?.OriginalString);
            if (status != 200)
                return new SelfCheckSight(target, SelfCheckAnswer.Foreign, status);
            var ours = proof.IsAnswer(host, token, await ReadAsync(answer.Content, patience.Token));
            return new SelfCheckSight(target, ours ? SelfCheckAnswer.Ours : SelfCheckAnswer.Foreign, status);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new SelfCheckSight(target, SelfCheckAnswer.Silent);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            var answer = (e.InnerException as SocketException)?.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => SelfCheckAnswer.Refused,
                SocketError.NetworkUnreachable or SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable => SelfCheckAnswer.Unseen,
                _ => SelfCheckAnswer.Broken,
            };
            return new SelfCheckSight(target, answer, Detail: e.InnerException?.Message ?? e.Message);
        }
    }

    private static async Task<string> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        var text = new byte[MostBytes];
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        return Encoding.Latin1.GetString(text, 0, await stream.ReadAtLeastAsync(text, MostBytes, throwOnEndOfStream: false, cancellation));
    }

    private static SocketsHttpHandler HandlerTo(IPEndPoint target) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        MaxResponseHeadersLength = MostHeaderKilobytes,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(target, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };
}
