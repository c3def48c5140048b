using Boottify.Edge.Routes;

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
    public static DateTimeOffset RenewAt(HostName host, PublishedCertificate certificate, DateTimeOffset? suggested = null)
    {
        var life = certificate.NotAfter - certificate.NotBefore;
        var latest = certificate.NotAfter - (life / 20);
        if (suggested is { } wish) return wish < latest ? wish : latest;
        var left = life < s_shortLived ? life / 2 : life / 3;
        return certificate.NotAfter - left - (life / 50 * Spread(host));
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

    private static double Spread(HostName host)
    {
        var hash = 2166136261u; // FNV-1a: string.GetHashCode differs from start to start.
        foreach (var c in host.ToString()) hash = (hash ^ c) * 16777619u;
        return hash / (double)uint.MaxValue;
    }
}
