using System.Collections.Concurrent;
using Boottify.Edge.Certificates;

namespace Boottify.Edge.Peers;

/// <summary>
/// Of all edges on one database, one orders for a name at a time; the others wait and take what comes of it. While the database
/// is away, each orders by itself after a time of its own: a certificate too many is better than none.
/// </summary>
public sealed class OneIssuer(NameLeases leases, SharedCertificates certificates, SharedLimits limits, TimeProvider clock, ILogger<OneIssuer> log)
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(2);

    /// <summary>With nothing to serve, and with a renewal that has time.</summary>
    private static readonly (TimeSpan Urgent, TimeSpan Calm) s_alone = (TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(10));

    private readonly ConcurrentDictionary<CertificateName, DateTimeOffset> _alone = new();

    /// <param name="mine">The certificate that this edge has.</param>
    /// <param name="revoked">Serial of one that must not come back.</param>
    /// <param name="trouble">What came of this edge's last attempt.</param>
    /// <param name="order">What to do if nobody else does, after what all edges know of the name.</param>
    /// <returns>Checked, and safe to publish; whether it was ordered here.</returns>
    /// <exception cref="NotYetException">Another edge orders it, or may.</exception>
    /// <exception cref="KnownTroubleException">It was tried by another edge, and is not to be tried again yet.</exception>
    /// <exception cref="NotIssuedException">None this time.</exception>
    public async Task<(PublishedCertificate Certificate, string Pem, bool Ordered)> RunAsync(
        CertificateName name, PublishedCertificate? mine, string? revoked, Trouble? trouble, Func<Trouble?, CancellationToken, Task<(PublishedCertificate, string)>> order, CancellationToken cancellation)
    {
        NameLeases.Lease? lease = null;
        try
        {
            try
            {
                lease = await leases.TakeAsync(name, cancellation);
                // Looked for after the lease was taken: what its last holder put there is seen.
                if (await certificates.FindAsync(name, mine, revoked, cancellation) is var (certificate, pem)) return (certificate, pem, false);
                if (lease is not null) trouble = await limits.BeforeAsync(name, trouble, cancellation);
                // Not before all was answered: a table that alone is refused must not put off this edge's own order again and again.
                _alone.TryRemove(name, out _);
                if (lease is null) throw Waits();
            }
            catch (KnownTroubleException)
            {
                _alone.TryRemove(name, out _);
                throw;
            }
            catch (PeersAwayException)
            {
                limits.Alone();
                var urgent = revoked is not null || mine?.IsValidAt(clock.GetUtcNow()) is not true;
                var at = _alone.GetOrAdd(name, _ => clock.GetUtcNow() + ((urgent ? s_alone.Urgent : s_alone.Calm) * Random.Shared.NextDouble()));
                if (clock.GetUtcNow() < at) throw new NotYetException($"It cannot be known whether another edge node is ordering it, so this one begins a little later.", at);
                _alone.TryRemove(name, out _);
            }

            return await OrderAsync(name, mine?.Serial ?? revoked, trouble, lease, order, cancellation);
        }
        finally
        {
            if (lease is not null) await lease.DisposeAsync();
        }
    }

    private async Task<(PublishedCertificate, string, bool)> OrderAsync(
        CertificateName name, string? replaces, Trouble? trouble, NameLeases.Lease? lease, Func<Trouble?, CancellationToken, Task<(PublishedCertificate, string)>> order, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lease?.Lost ?? CancellationToken.None);
        PublishedCertificate certificate;
        string pem;
        try
        {
            (certificate, pem) = await order(trouble, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested && either.IsCancellationRequested)
        {
            throw Waits(); // Held still for too long: another one is at it.
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var failed = (e as NotIssuedException)?.Trouble ?? Trouble.After(trouble, e.Message, null, clock.GetUtcNow(), Random.Shared.NextDouble());
            throw new NotIssuedException(await limits.FailedAsync(name, replaces, failed, trouble, cancellation));
        }

        try
        {
            await certificates.PutAsync(name, certificate, pem, replaces, cancellation);
        }
        catch (PeersAwayException e)
        {
            log.LogWarning("The other edges get the new certificate of {Name} later: {Reason}", name, e.Message);
        }

        await limits.SucceededAsync(name, trouble, cancellation);
        return (certificate, pem, true);
    }

    /// <summary>A certificate wakes whoever waits; this is for an edge that died or failed.</summary>
    private NotYetException Waits() => new("Another edge node is ordering it.", clock.GetUtcNow() + s_look + (s_look * Random.Shared.NextDouble()));
}
