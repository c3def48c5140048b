using Boottify.Edge.Acme;
using Boottify.Edge.Nginx;
using Boottify.Edge.Peers;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>The two halves of a certificate's way: ordered, or taken from another edge, checked and published; then seen to be served by nginx.</summary>
/// <param name="peers">Null when this edge is the only one.</param>
public sealed class CertificateIssuer(
    OrderAttempt attempt, CertificateStore store, LiveRoutes live, HandshakeProbe probe, TimeProvider clock, ILogger<CertificateIssuer> log, OneIssuer? peers = null)
{
    private static readonly TimeSpan s_routeTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_abandoning = TimeSpan.FromSeconds(10);

    /// <summary>From its return on, nginx serves it, if nginx is there: whether it is seen to is another matter, and no reason to order again.</summary>
    /// <param name="before">The one that is served until now.</param>
    /// <param name="trouble">What came of the attempt before this one.</param>
    /// <param name="begun">Called when it is ordered here.</param>
    /// <returns>And whether it was ordered here.</returns>
    /// <exception cref="NotIssuedException">No authority issued. The certificate that was published before stays.</exception>
    /// <exception cref="NotYetException">Another edge is ordering it.</exception>
    /// <exception cref="KnownTroubleException">Another edge has tried it, and it is not to be tried again yet.</exception>
    public async Task<(PublishedCertificate Certificate, bool Ordered)> RunAsync(CertificateName name, PublishedCertificate? before, Trouble? trouble, Action begun, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        Task<(PublishedCertificate, string)> OrderAsync(Trouble? known, CancellationToken ending)
        {
            begun();
            return attempt.RunAsync(name, before, known, ending);
        }

        var (certificate, pem, ordered) = peers is null
            ? await OrderAsync(trouble, cancellation) is var (own, ownPem) ? (own, ownPem, true) : default
            : await peers.RunAsync(name, before, store.RevokedOf(name), trouble, OrderAsync, cancellation);
        if (!ordered) return (await TakeAsync(name, certificate, pem, cancellation), false);
        await store.PublishAsync(name, pem, cancellation);
        attempt.Forget(name);
        log.LogInformation("{Name} has a new certificate, serial {Serial}, until {NotAfter:u}, after {Milliseconds} ms",
            name, certificate.Serial, certificate.NotAfter, (long)clock.GetElapsedTime(started).TotalMilliseconds);
        return (certificate, true);
    }

    /// <summary>Publishes what another edge has ordered.</summary>
    public async Task<PublishedCertificate> TakeAsync(CertificateName name, PublishedCertificate certificate, string pem, CancellationToken cancellation)
    {
        await store.PublishAsync(name, pem, cancellation);
        attempt.Forget(name);
        log.LogInformation("{Name} has the certificate of another edge node, serial {Serial}, until {NotAfter:u}", name, certificate.Serial, certificate.NotAfter);
        return certificate;
    }

    /// <summary>Returns once a handshake for the host shows this certificate.</summary>
    /// <exception cref="AcmeException">nginx does not serve the host, or not with it.</exception>
    public async Task SeeAsync(HostName host, PublishedCertificate certificate, CancellationToken cancellation)
    {
        // It all began beside nginx's reload for a new host: only now does it matter that the route is there.
        using var deadline = new CancellationTokenSource(s_routeTime, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            await live.UntilServedAsync(host, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw AcmeException.Ours("The certificate is there, but nginx does not serve this host yet.");
        }

        await probe.ExpectAsync(host, certificate.Serial, cancellation);
    }

    /// <summary>The name was withdrawn while an order was under way.</summary>
    public async Task AbandonAsync(CertificateName name)
    {
        using var deadline = new CancellationTokenSource(s_abandoning, clock);
        try
        {
            await attempt.AbandonAsync(name, deadline.Token);
        }
        catch (OperationCanceledException)
        {
            // The CA lets it run out by itself.
        }
    }

    public void Forget(CertificateName name) => attempt.Forget(name);
}
