namespace Boottify.Domains;

/// <summary>What a look at a domain found.</summary>
/// <param name="Proof">What is wrong with the proof of ownership; null when it is there.</param>
/// <param name="ProofIsGone">It is known that the proof is not there; not merely that nobody answers.</param>
/// <param name="Dns">What is wrong with where it leads and who may issue; null when nothing is, or nobody looked.</param>
public sealed record DomainFindings(Trouble? Proof, bool ProofIsGone, Trouble? Dns);

/// <summary>State and findings to events; pure.</summary>
public static class DomainDecision
{
    public static IReadOnlyList<object> Of(Domain domain, DomainFindings found, TimeSpan grace, DateTimeOffset now)
    {
        if (domain.RemovedAt is not null)
            return [];
        var events = new List<object>();
        var trouble = found.Proof ?? found.Dns;
        if (domain.Stage == DomainStage.Ownership || domain.DoubtedAt is not null)
        {
            if (found.Proof is null)
                events.Add(new OwnershipProven(now));
        }
        else if (found.ProofIsGone)
        {
            events.Add(new OwnershipDoubted(now));
        }

        if (found.ProofIsGone && domain.Stage != DomainStage.Ownership)
        {
            var end = (domain.DoubtedAt ?? now) + grace;
            if (end <= now)
                events.Add(new OwnershipLapsed(now));
            else
                trouble = trouble! with { Reason = $"{trouble.Reason} Without it the domain stops being served on {end:yyyy-MM-dd} at {end:HH:mm} UTC." };
        }

        var lapsed = events.Exists(e => e is OwnershipLapsed);
        if (!lapsed && found.Proof is null && found.Dns is null && domain.Stage != DomainStage.Edge)
            events.Add(new DomainPointed(now));
        else if (trouble is null && domain.Reason is not null)
            events.Add(new DomainRecovered(now));
        else if (trouble is not null && (trouble.Reason != domain.Reason || trouble.Record != domain.Wanted))
            events.Add(new DomainTroubled(trouble.Reason, trouble.Record, now));
        return events;
    }
}
