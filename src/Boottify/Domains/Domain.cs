using System.Net;

namespace Boottify.Domains;

/// <summary>How far a domain is, as far as this side knows; what becomes of its certificate the edge knows.</summary>
public enum DomainStage
{
    /// <summary>Its owner has to prove that it is theirs.</summary>
    Ownership,

    /// <summary>It has to lead here.</summary>
    Dns,

    /// <summary>It belongs to its app's route.</summary>
    Edge,
}

/// <summary>A team's claim of one host name. The stream is the team's and the name's, over removals and new claims.</summary>
public sealed partial record Domain
{
    public required string Id { get; init; }

    /// <summary>Lower-case A-labels.</summary>
    public required string Host { get; init; }

    public required string AppId { get; init; }

    public required string TeamId { get; init; }

    public required string Proof { get; init; }

    public required DateTimeOffset AddedAt { get; init; }

    public DomainStage Stage { get; init; }

    /// <summary>What is wrong, in words that its owner can act on.</summary>
    public string? Reason { get; init; }

    public DnsRecord? Wanted { get; init; }

    public DateTimeOffset? DoubtedAt { get; init; }

    public DateTimeOffset? ActiveAt { get; init; }

    public DateTimeOffset? RemovedAt { get; init; }

    /// <summary>Version of the stream; set by Marten.</summary>
    public int Version { get; set; }

    public string ProofName => $"_boottify.{Host}";

    /// <summary>Stream of a team's claim of a name.</summary>
    public static string IdOf(string teamId, string host) => $"{teamId}:{host}";

    /// <param name="appHost">The platform's own name of the app.</param>
    /// <returns>What its owner has to set; of several addresses any one is enough, as each edge serves all apps.</returns>
    public IReadOnlyList<DnsRecord> Records(string appHost, IReadOnlyList<IPAddress> edgeAddresses)
    {
        var addresses = edgeAddresses.Select(address => new DnsRecord(DnsRecord.TypeOf(address), Host, address.ToString())).ToArray();
        var alias = new DnsRecord("CNAME", Host, appHost, $"Where the name cannot have a CNAME (the top of a zone): {string.Join(", ", addresses.Select(a => $"{a.Type} {Host} {a.Value}"))}");
        // The top of a zone has other records, beside which no CNAME may stand (RFC 1034, 3.6.2).
        var leading = Host.Count(c => c == '.') == 1 ? addresses : [alias];
        return [new DnsRecord("TXT", ProofName, Proof), .. leading, .. Wanted is null ? [] : new[] { Wanted }];
    }

    public static Domain Create(DomainAdded e) => new()
    {
        Id = IdOf(e.TeamId, e.Host),
        Host = e.Host,
        AppId = e.AppId,
        TeamId = e.TeamId,
        Proof = e.Proof,
        AddedAt = e.At,
    };

    /// <summary>Claimed again after it was removed: nothing of before counts.</summary>
    public Domain Apply(DomainAdded e) => Create(e) with { Version = Version };

    public Domain Apply(OwnershipProven e) => this with { Stage = Stage == DomainStage.Ownership ? DomainStage.Dns : Stage, DoubtedAt = null };

    public Domain Apply(DomainPointed e) => this with { Stage = DomainStage.Edge, Reason = null, Wanted = null };

    public Domain Apply(DomainTroubled e) => this with { Reason = e.Reason, Wanted = e.Record };

    public Domain Apply(DomainRecovered e) => this with { Reason = null, Wanted = null };

    public Domain Apply(DomainActivated e) => this with { ActiveAt = e.At };

    public Domain Apply(OwnershipDoubted e) => this with { DoubtedAt = e.At };

    public Domain Apply(OwnershipLapsed e) => this with { Stage = DomainStage.Ownership, DoubtedAt = null, ActiveAt = null };

    public Domain Apply(DomainRemoved e) => this with { RemovedAt = e.At, Reason = null, Wanted = null };
}
