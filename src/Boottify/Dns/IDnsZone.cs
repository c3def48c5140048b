using System.Net;

namespace Boottify.Dns;

/// <summary>
/// The border to the name server that holds the platform's zone. Writes are whole record sets and serialised per zone;
/// repeating one is harmless.
/// </summary>
public interface IDnsZone
{
    /// <summary>Makes these the name's A and AAAA records, and the only ones, and waits until the name server itself answers with them.</summary>
    /// <param name="addresses">One at least.</param>
    Task PublishAsync(string host, IReadOnlyCollection<IPAddress> addresses, CancellationToken cancellation);

    /// <summary>Removes the name's A and AAAA records, and waits until the name server answers nothing for it; one that is gone already is fine.</summary>
    Task WithdrawAsync(string host, CancellationToken cancellation);

    /// <summary>The A and AAAA records in the platform's zone.</summary>
    Task<IReadOnlyList<AddressRecord>> ListAsync(CancellationToken cancellation);
}

/// <param name="Addresses">Of both types, in the form that <see cref="IPAddress"/> writes.</param>
public sealed record AddressRecord(string Host, IReadOnlyList<string> Addresses);
