using Boottify.Edge.Certificates;

namespace Boottify.Edge.Peers;

/// <summary>A certificate as it lies in the database, before it is opened.</summary>
/// <param name="Replaces">Serial of the one in whose place it was ordered, whatever the dates of the two.</param>
/// <param name="Revoked">It is to be replaced, and nobody may take it any more.</param>
public sealed record SharedCertificate(string Name, string Serial, string? Replaces, DateTimeOffset NotBefore, DateTimeOffset NotAfter, bool Revoked)
{
    /// <summary>
    /// Whether an edge that has <paramref name="mine"/> goes over to this one. Never to one that was issued earlier, and to one that
    /// ends earlier only when its own is due.
    /// </summary>
    public bool GoesBefore(CertificateName name, PublishedCertificate? mine, DateTimeOffset now)
    {
        if (Revoked || NotAfter <= now) return false;
        if (mine is null || !mine.IsValidAt(now)) return true;
        if (Serial == mine.Serial) return false;
        return Replaces == mine.Serial || (IsIssuedAfter(mine) && (NotAfter >= mine.NotAfter || RenewalPolicy.RenewAt(name, mine) <= now));
    }

    /// <summary>Whether an edge that has <paramref name="mine"/> puts it in this one's place.</summary>
    public bool GoesAfter(PublishedCertificate mine, DateTimeOffset now) =>
        Serial != mine.Serial && mine.IsValidAt(now) && Replaces != mine.Serial && (NotAfter <= now || !IsIssuedAfter(mine));

    /// <summary>The same order on all edges, even for two of the same second.</summary>
    private bool IsIssuedAfter(PublishedCertificate other) =>
        (NotBefore, NotAfter).CompareTo((other.NotBefore, other.NotAfter)) is var order and not 0 ? order > 0 : string.CompareOrdinal(Serial, other.Serial) > 0;
}
