using System.Net;
using Boottify.Platform;

namespace Boottify.Domains;

/// <summary>A record that a domain's owner is to set where their DNS is kept.</summary>
/// <param name="Type">TXT, CNAME, A, AAAA or CAA.</param>
/// <param name="Name">The record's full name, without a trailing dot.</param>
/// <param name="Note">What else would do; null for nothing.</param>
public sealed record DnsRecord(string Type, string Name, string Value, string? Note = null)
{
    /// <summary>Of the record that holds this address.</summary>
    public static string TypeOf(IPAddress address) => address.IsIPv4() ? "A" : "AAAA";
}

/// <summary>An app's team says that the name is theirs. Nothing is proven by it, and it keeps nobody else from saying the same.</summary>
/// <param name="Host">Lower-case A-labels.</param>
/// <param name="Proof">The TXT record's value; made anew for each claim, so that no earlier proof counts for it.</param>
public sealed record DomainAdded(string Host, string AppId, string TeamId, string Proof, string By, DateTimeOffset At);

/// <summary>The TXT record was seen at the zone's own servers. From now on the name is this team's alone.</summary>
public sealed record OwnershipProven(DateTimeOffset At);

/// <summary>The name leads here and our authority may issue for it: it goes to the edge.</summary>
public sealed record DomainPointed(DateTimeOffset At);

/// <summary>What keeps it from going on, or is wrong with one that serves. Written when the reason is another than before.</summary>
/// <param name="Record">What to set besides <see cref="Domain.Records"/>; null for nothing.</param>
public sealed record DomainTroubled(string Reason, DnsRecord? Record, DateTimeOffset At);

/// <summary>What was wrong is not any more.</summary>
public sealed record DomainRecovered(DateTimeOffset At);

/// <summary>The edge serves it with a certificate.</summary>
public sealed record DomainActivated(DateTimeOffset? CertificateEnds, DateTimeOffset At);

/// <summary>The proof of an owned name is gone from DNS; the name is let go after a grace unless it returns.</summary>
public sealed record OwnershipDoubted(DateTimeOffset At);

/// <summary>The proof stayed away for the whole grace. The name has lost its route and may be proven by anybody.</summary>
public sealed record OwnershipLapsed(DateTimeOffset At);

/// <summary>The team let it go, or its app was deleted.</summary>
public sealed record DomainRemoved(string By, DateTimeOffset At);
