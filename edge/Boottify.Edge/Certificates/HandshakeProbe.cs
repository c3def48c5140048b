using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Boottify.Edge.Acme;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>Looks at what nginx serves for a host, as a client sees it: a TLS handshake on this machine.</summary>
public sealed class HandshakeProbe(EdgeSettings settings, TimeProvider clock)
{
    private static readonly TimeSpan s_handshakeTime = TimeSpan.FromSeconds(5);
    private const int Attempts = 3;

    /// <exception cref="AcmeException">nginx serves something else, or nothing.</exception>
    public async Task ExpectAsync(HostName host, string serial, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            string seen;
            try
            {
                var served = await SerialAsync(host, cancellation);
                if (served == serial) return;
                seen = $"nginx serves another certificate, with serial {served}";
            }
            catch (Exception e) when (e is AuthenticationException or IOException or SocketException
                || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                seen = $"the handshake with nginx failed ({e.GetBaseException().Message})";
            }

            if (attempt == Attempts) throw AcmeException.Ours($"The certificate with serial {serial} was published, but {seen}. See nginx/error.log in the edge's folder.");
            await Task.Delay(TimeSpan.FromMilliseconds(200 * attempt), clock, cancellation);
        }
    }

    private async Task<string> SerialAsync(HostName host, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(s_handshakeTime);
        var address = settings.ListenAddresses[0];
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address, settings.HttpsPort, deadline.Token);
        var serial = "";
        await using var tls = new SslStream(new NetworkStream(socket));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = host.ToString(),
            AllowTlsResume = false, // A resumed session shows the certificate of its beginning.
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
#pragma warning disable CA5359 // Nothing is sent: who signed it is not the question, which one it is.
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                serial = certificate is X509Certificate2 leaf ? leaf.SerialNumber : certificate?.GetSerialNumberString() ?? "";
                return true;
            },
#pragma warning restore CA5359
        }, deadline.Token);
        return serial;
    }
}
