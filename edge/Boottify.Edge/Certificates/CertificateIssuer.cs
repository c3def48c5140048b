using Boottify.Edge.Acme;
using Boottify.Edge.Nginx;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>Order, check, publish, and see nginx serve it: one certificate from end to end.</summary>
public sealed class CertificateIssuer(
    CertificateOrder order, PendingOrders pending, CertificateStore store, LiveRoutes live, HandshakeProbe probe, TimeProvider clock, ILogger<CertificateIssuer> log)
{
    private static readonly TimeSpan s_routeTime = TimeSpan.FromSeconds(60);

    /// <exception cref="AcmeException">No certificate is served; the problem says why. One that was published before stays.</exception>
    /// <param name="before">The one that is served until now.</param>
    public async Task<PublishedCertificate> RunAsync(HostName host, PublishedCertificate? before, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        var issued = await order.RunAsync(host, before?.RenewalId, cancellation);
        var (certificate, pem) = PublishedCertificate.Check(issued, host, clock.GetUtcNow());
        await store.PublishAsync(host, pem, cancellation);
        pending.Drop(host.ToString());

        // The order began beside nginx's reload for a new host: only now does it matter that the route is there.
        using var deadline = new CancellationTokenSource(s_routeTime, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            await live.UntilServedAsync(host, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw AcmeException.Because("The certificate is there, but nginx does not serve this host yet.");
        }

        await probe.ExpectAsync(host, certificate.Serial, cancellation);
        log.LogInformation("{Host} is served with a new certificate, serial {Serial}, until {NotAfter:u}, after {Milliseconds} ms",
            host, certificate.Serial, certificate.NotAfter, (long)clock.GetElapsedTime(started).TotalMilliseconds);
        return certificate;
    }
}
