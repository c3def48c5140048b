using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Boottify.Deployments;
using Boottify.Platform;

namespace Boottify.Routes;

/// <summary>Asks an app through the edges, at each of their addresses, over HTTPS with its own name, as its visitors do.</summary>
public sealed class EdgeProbe(IEdge edge, PlatformSettings settings, TimeProvider time, ILogger<EdgeProbe> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PatienceOfTry = TimeSpan.FromSeconds(5);

    /// <summary>A machine that is off answers nothing at all; a packet that got lost is sent again within this time.</summary>
    private static readonly TimeSpan PatienceWithConnection = TimeSpan.FromSeconds(3);

    /// <summary>Returns once the app's own answer came through, as <see cref="ProbeJudgement"/> asks for; the gateway's own errors do not count as one.</summary>
    /// <exception cref="StepException">None came within 15 s; says what came instead.</exception>
    /// <exception cref="HttpRequestException">An edge itself could not be reached to the end, or does not have what another has: that says nothing about the app.</exception>
    public async Task RequireAnswerAsync(string host, string path, CancellationToken cancellation)
    {
        var url = new Uri(settings.AppUrl(host), path);
        var since = time.GetTimestamp();
        var seen = settings.EdgeAddresses.Select(address => new ProbeSight(address, ProbeAnswer.Away)).ToArray();
        for (var tries = 1; ; tries++)
        {
            seen = await Task.WhenAll(seen.Select(sight => sight.Answer == ProbeAnswer.Served ? Task.FromResult(sight) : AskAsync(sight.Address, url, cancellation)));
            if (ProbeJudgement.IsSettled(seen, tries) || time.GetElapsedTime(since) >= Patience)
                break;
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(1000, 50 << Math.Min(tries - 1, 5)) + Random.Shared.Next(50)), time, cancellation);
        }

        var everyEdgeAnswers = !ProbeJudgement.IsMixed(seen) || await edge.AllAnswerAsync(PatienceOfTry, cancellation);
        if (ProbeJudgement.Of(host, path, seen, everyEdgeAnswers) is { } problem)
            throw problem;
        if (!Array.TrueForAll(seen, sight => sight.Answer == ProbeAnswer.Served))
            log.LogWarning("{Host} is served, but not at every address of BOOTTIFY_EDGE_ADDRESS: {Reason}", host, ProbeJudgement.Words(seen, sight => sight.Answer != ProbeAnswer.Served));
    }

    private static async Task<ProbeSight> AskAsync(IPAddress address, Uri url, CancellationToken cancellation)
    {
        using var client = new HttpClient(HandlerTo(new IPEndPoint(address, url.Port))) { Timeout = PatienceOfTry };
        try
        {
            using var answer = await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellation);
            return (int)answer.StatusCode < 400
                ? new ProbeSight(address, ProbeAnswer.Served)
                : new ProbeSight(address, ProbeAnswer.Failed, $"it answered {(int)answer.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            // A slow answer is the app's; no connection, or none that TLS comes out of, is the edge's.
            var answer = e is not HttpRequestException http ? ProbeAnswer.Failed : IsAway(http) ? ProbeAnswer.Away : ProbeAnswer.Refused;
            return new ProbeSight(address, answer, e.InnerException?.Message ?? e.Message);
        }
    }

    /// <summary>A connection that ends before TLS has said anything is none: a balancer without an edge behind it does that.</summary>
    private static bool IsAway(HttpRequestException e) => e.HttpRequestError == HttpRequestError.ConnectionError
        || (e.HttpRequestError == HttpRequestError.SecureConnectionError && e.InnerException is not AuthenticationException);

    private static SocketsHttpHandler HandlerTo(IPEndPoint target) => new()
    {
        AllowAutoRedirect = false,
        ConnectCallback = async (_, cancellation) =>
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(PatienceWithConnection);
            var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(target, patience.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                socket.Dispose();
                throw new SocketException((int)SocketError.TimedOut);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
        SslOptions =
        {
            // The edge has checked the chain when it put the certificate in place; here the name is what matters, since a
            // private CA's root need not be known to this machine.
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                certificate is not null && !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch),
        },
    };
}
