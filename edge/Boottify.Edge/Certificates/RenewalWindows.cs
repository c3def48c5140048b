using Boottify.Edge.Acme;

namespace Boottify.Edge.Certificates;

/// <summary>
/// Asks the CA from time to time when each certificate should be renewed, so that one about to be revoked is replaced
/// before it is. A CA that offers no such information, or fails to give it, leaves <see cref="RenewalPolicy"/> in force.
/// </summary>
public sealed class RenewalWindows(Authorities authorities, CertificateKeeper keeper, TimeProvider clock, ILogger<RenewalWindows> log) : BackgroundService
{
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_afterTrouble = TimeSpan.FromHours(6);
    private const int MostInARound = 50;

    /// <summary>A CA that would have us renew over and over is heard this often for one host.</summary>
    private static readonly TimeSpan s_betweenEarlyRenewals = TimeSpan.FromHours(6);

    /// <summary>One that did not answer is left alone so long: thousands of certificates do not wait for it one after the other.</summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromMinutes(15);

    private readonly Dictionary<Authority, DateTimeOffset> _silent = [];
    private readonly Dictionary<CertificateName, (string Serial, DateTimeOffset Next)> _asked = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_round, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = clock.GetUtcNow();
            var served = keeper.Certificates();
            foreach (var gone in _asked.Keys.Except(served.Select(one => one.Name)).ToList()) _asked.Remove(gone);
            var due = served.Where(one => one.Certificate.RenewalId is not null
                && (!_asked.TryGetValue(one.Name, out var asked) || asked.Serial != one.Certificate.Serial || asked.Next <= now)).Take(MostInARound);
            foreach (var (name, certificate) in due.ToList()) await AskAsync(name, certificate, stoppingToken);
        }
    }

    private async Task AskAsync(CertificateName name, PublishedCertificate certificate, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var again = s_afterTrouble;
        // Another authority does not know it.
        if (authorities.IssuerOf(certificate) is { } authority)
        {
            if (authority.Rests || _silent.GetValueOrDefault(authority) > now) again = s_silence;
            else again = await AskAsync(authority, name, certificate, now, cancellation) ?? again;
        }

        _asked[name] = (certificate.Serial, now + again);
    }

    /// <returns>When to ask again, if it said so.</returns>
    private async Task<TimeSpan?> AskAsync(Authority authority, CertificateName name, PublishedCertificate certificate, DateTimeOffset now, CancellationToken cancellation)
    {
        try
        {
            if (await RenewalWindow.AskAsync(authority.Transport, certificate.RenewalId!, cancellation) is not { } window) return null;
            Suggest(authority, name, certificate, window, now);
            return window.AskAgain;
        }
        catch (Exception e) when (e is AcmeException or IOException)
        {
            // Without an answer, there is an exception inside.
            if (e is not AcmeException { Problem.Status: > 0 and < 500 } and not AcmeException { Problem.Status: 0, InnerException: null }) _silent[authority] = clock.GetUtcNow() + s_silence;
            log.LogInformation("No renewal window for {Name} from the {Authority} authority: {Problem}", name, authority.Name, e.Message);
            return null;
        }
    }

    private void Suggest(Authority authority, CertificateName name, PublishedCertificate certificate, RenewalWindow window, DateTimeOffset now)
    {
        var at = window.Choose(now, Random.Shared.NextDouble());
        if (at <= now)
        {
            if (!authority.Budget.TryRenewEarly(name, s_betweenEarlyRenewals)) return;
            log.LogWarning("The certificate authority wants the certificate of {Name} to be renewed now. Why: {Explanation}", name, window.Explanation ?? "it does not say");
        }

        keeper.Suggest(name, certificate.Serial, at);
    }
}
