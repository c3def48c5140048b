namespace Boottify.Dns;

/// <summary>
/// The border to the name server that holds the platform's zone. Writes are whole record sets and serialised per zone;
/// repeating one is harmless.
/// </summary>
public interface IDnsZone
{
    /// <summary>Makes this the only A record set of the name, and waits until the name server itself answers with it.</summary>
    Task PublishAsync(string host, string address, CancellationToken cancellation);

    /// <summary>Removes the name's A record set, and waits until the name server answers nothing for it; one that is gone already is fine.</summary>
    Task WithdrawAsync(string host, CancellationToken cancellation);

    /// <summary>The A records in the platform's zone.</summary>
    Task<IReadOnlyList<AddressRecord>> ListAsync(CancellationToken cancellation);
}

public sealed record AddressRecord(string Host, IReadOnlyList<string> Addresses);
