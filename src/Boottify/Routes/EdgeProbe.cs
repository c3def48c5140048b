using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Boottify.Deployments;
using Boottify.Platform;

namespace Boottify.Routes;

/// <summary>Asks an app through the edge, over HTTPS with its own name, as its visitors do.</summary>
public sealed class EdgeProbe(PlatformSettings settings, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Returns once the app's own answer came through; the gateway's own errors do not count as one.</summary>
    /// <exception cref="StepException">None came within 15 s; says what came instead.</exception>
    /// <exception cref="HttpRequestException">The edge itself could not be reached to the end: that says nothing about the app.</exception>
    public async Task RequireAnswerAsync(string host, string path, CancellationToken cancellation)
    {
        using var client = new HttpClient(ToTheEdge()) { Timeout = TimeSpan.FromSeconds(5) };
        var since = time.GetTimestamp();
        var last = "";
        var reached = false;
        for (var tries = 0; time.GetElapsedTime(since) < Patience; tries++)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri(settings.AppUrl(host), path), HttpCompletionOption.ResponseHeadersRead, cancellation);
                if ((int)answer.StatusCode < 400)
                    return;
                (last, reached) = ($"it answered {(int)answer.StatusCode}", true);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
            {
                // A slow answer is the app's; no connection, or none that TLS comes out of, is the edge's.
                (last, reached) = (e.InnerException?.Message ?? e.Message, e is TaskCanceledException);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(1000, 50 << Math.Min(tries, 5)) + Random.Shared.Next(50)), time, cancellation);
        }

        if (!reached)
            throw new HttpRequestException($"The edge cannot be reached for https://{host}: {last}.");
        throw new StepException($"The app's pods are ready, but GET {path} does not answer over https://{host}: {last}.");
    }

    private SocketsHttpHandler ToTheEdge() => new()
    {
        AllowAutoRedirect = false,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(IPAddress.Parse(settings.EdgeAddress), settings.HttpsPort, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
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
