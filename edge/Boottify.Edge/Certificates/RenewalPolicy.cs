namespace Boottify.Edge.Certificates;

/// <summary>When to order again. Pure.</summary>
public static class RenewalPolicy
{
    private static readonly TimeSpan s_shortLived = TimeSpan.FromDays(10);

    /// <summary>After each failure in a row; five within the first hour, which is what public CAs allow for one name.</summary>
    private static readonly TimeSpan[] s_backoff =
    [
        TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1),
        TimeSpan.FromHours(3), TimeSpan.FromHours(6), TimeSpan.FromHours(12), TimeSpan.FromHours(24),
    ];

    /// <summary>
    /// With a third of the life left, half for certificates of a few days; up to a fiftieth of the life earlier, which
    /// differs from host to host and is the same for one host, so that hosts that came together do not renew together.
    /// </summary>
    /// <param name="suggested">What the CA suggested; taken if it leaves a twentieth of the life for trouble.</param>
    public static DateTimeOffset RenewAt(CertificateName name, PublishedCertificate certificate, DateTimeOffset? suggested = null)
    {
        var life = certificate.NotAfter - certificate.NotBefore;
        if (suggested is { } wish) return wish < Latest(certificate) ? wish : Latest(certificate);
        var left = life < s_shortLived ? life / 2 : life / 3;
        return certificate.NotAfter - left - (life / 50 * Spread(name));
    }

    /// <summary>With a twentieth of the life left: whoever has no newer one by now cannot count on getting one.</summary>
    public static DateTimeOffset Latest(PublishedCertificate certificate) => certificate.NotAfter - ((certificate.NotAfter - certificate.NotBefore) / 20);

    /// <summary>
    /// A new certificate that our own rule would renew at once, as its dates are: told, and tried again as after a failure,
    /// so that a CA whose clock is wrong is not asked without end. Null for any other.
    /// </summary>
    public static Trouble? DueAlready(CertificateName name, PublishedCertificate issued, Trouble? before, DateTimeOffset now)
    {
        if (RenewAt(name, issued) > now) return null;
        var trouble = Trouble.After(before, $"The certificate authority issued a certificate that is due for renewal already: it is valid from {issued.NotBefore:u} to {issued.NotAfter:u}. Check this machine's clock and the authority's.", null, now, 0);
        var half = now + ((issued.NotAfter - now) / 2); // Before it is over.
        return half < trouble.NextAttempt ? trouble with { NextAttempt = half } : trouble;
    }

    /// <param name="failures">In a row, at least 1.</param>
    /// <param name="asked">What the CA asked for; waited for if longer.</param>
    /// <param name="luck">From 0 to 1: up to a tenth is added.</param>
    public static TimeSpan Backoff(int failures, TimeSpan? asked, double luck)
    {
        var wait = s_backoff[Math.Clamp(failures - 1, 0, s_backoff.Length - 1)];
        if (asked > wait) wait = asked.Value;
        return wait + (wait * (luck / 10));
    }

    private static double Spread(CertificateName name)
    {
        var hash = 2166136261u; // FNV-1a: string.GetHashCode differs from start to start.
        foreach (var c in name.ToString()) hash = (hash ^ c) * 16777619u;
        return hash / (double)uint.MaxValue;
    }
}
