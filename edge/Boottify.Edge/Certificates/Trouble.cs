using Boottify.Edge.Acme;

namespace Boottify.Edge.Certificates;

/// <summary>Why one CA gave no certificate for a name, and when it is asked again.</summary>
/// <param name="Failures">In a row. What our own count of its limits forbids is none.</param>
/// <param name="NotBefore">Until when its limits, or what it asked for, forbid another order, whoever wants one; null when we alone wait.</param>
/// <param name="Here">It gave no answer that could be understood: another edge may have better luck.</param>
public sealed record AuthorityTrouble(int Failures, string Reason, DateTimeOffset NextAttempt, DateTimeOffset? NotBefore = null, bool Here = false);

/// <summary>Why a name has no certificate, or no new one; kept on disk until there is one.</summary>
/// <param name="Failures">In a row, since the last success.</param>
/// <param name="Rehearse">The name could not be verified: it is tried at the staging authority first.</param>
/// <param name="Authorities">By the authority's name.</param>
/// <param name="NotBefore">As <see cref="AuthorityTrouble.NotBefore"/>, for the name as a whole.</param>
/// <param name="Here">Nothing but this machine, or its way to the authorities, may be to blame: no reason for another edge to wait.</param>
/// <param name="Tally">How many of the failures each edge has met: by edge, and by edge and authority with a space between. Null where it is the only one.</param>
public sealed partial record Trouble(
    int Failures, string Reason, DateTimeOffset NextAttempt, bool Rehearse = false, IReadOnlyDictionary<string, AuthorityTrouble>? Authorities = null, DateTimeOffset? NotBefore = null,
    bool Here = false, IReadOnlyDictionary<string, int>? Tally = null)
{
    public AuthorityTrouble? At(string authority) => Authorities?.GetValueOrDefault(authority);

    /// <summary>The same without the waiting that is ours alone. Failures count on, so the next wait is as long as it would have been.</summary>
    /// <returns>Null when it is not for us to say: an authority's limits, or our count of them, forbid another attempt now.</returns>
    public Trouble? Hurried(DateTimeOffset now)
    {
        if (NotBefore > now) return null;
        var each = Authorities?.ToDictionary(one => one.Key, one => one.Value.NotBefore > now ? one.Value : one.Value with { NextAttempt = now }, StringComparer.Ordinal);
        return each is { Count: > 0 } && each.Values.All(one => one.NextAttempt > now) ? null : this with { NextAttempt = now, Authorities = each };
    }

    /// <summary>Something of the platform's own, or of nobody known: the whole name waits.</summary>
    public static Trouble After(Trouble? before, string reason, TimeSpan? asked, DateTimeOffset now, double luck)
    {
        var failures = (before?.Failures ?? 0) + 1;
        return new Trouble(failures, reason, now + RenewalPolicy.Backoff(failures, asked, luck), before?.Rehearse ?? false, before?.Authorities, now + asked, Here: true, before?.Tally);
    }

    /// <summary>The name could not be verified; which CA said so makes no difference.</summary>
    public static Trouble OfName(Trouble? before, AcmeException refused, bool rehearse, DateTimeOffset now, double luck) =>
        After(before, InWords(refused), refused.RetryAfter, now, luck) with { Rehearse = rehearse, Here = refused.Fault == AcmeFault.Ours };

    /// <summary>No CA issued, and none said that it is the name's fault: each is asked again in its own time.</summary>
    public static Trouble OfAuthorities(Trouble? before, IReadOnlyDictionary<string, AuthorityTrouble> each) => new(
        Math.Max(before?.Failures ?? 0, each.Values.Max(one => one.Failures)),
        ReasonOf(each), each.Values.Min(one => one.NextAttempt), before?.Rehearse ?? false, each, Here: each.Values.All(one => one.Here), Tally: before?.Tally);

    public static AuthorityTrouble OfAuthority(AuthorityTrouble? before, AcmeException refused, DateTimeOffset now, double luck)
    {
        if (refused is { Fault: AcmeFault.Budget, RetryAfter: { } wait }) return new AuthorityTrouble(before?.Failures ?? 0, refused.Message, now + wait + (TimeSpan.FromMinutes(1) * luck), now + wait);
        var failures = (before?.Failures ?? 0) + 1;
        var next = now + RenewalPolicy.Backoff(failures, refused.RetryAfter, luck);
        return new AuthorityTrouble(failures, InWords(refused), next, now + refused.RetryAfter ?? (refused.Problem.Type == "rateLimited" ? next : (DateTimeOffset?)null), Here: refused is { Problem: { Type: "", Status: 0 }, RetryAfter: null });
    }

    private static string ReasonOf(IReadOnlyDictionary<string, AuthorityTrouble> each) =>
        each.Count == 1 ? each.Values.Single().Reason : string.Join(" ", each.Select(one => $"The {one.Key} authority: {one.Value.Reason}"));

    private static string InWords(AcmeException refused) => refused.Fault == AcmeFault.Name || refused.Problem.Type == "caa"
        ? $"The certificate authority could not verify this name: {refused.Message}. Check that its DNS records point to this platform; the edge tries again by itself."
        : refused.Message;
}
