using Boottify.Edge.Acme;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>
/// Asks the CA from time to time when each certificate should be renewed, so that one about to be revoked is replaced
/// before it is. A CA that offers no such information, or fails to give it, leaves <see cref="RenewalPolicy"/> in force.
/// </summary>
public sealed class RenewalWindows(AcmeTransport transport, CertificateKeeper keeper, TimeProvider clock, ILogger<RenewalWindows> log) : BackgroundService
{
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_afterTrouble = TimeSpan.FromHours(6);
    private const int MostInARound = 50;

    /// <summary>A CA that would have us renew over and over is heard this often for one host.</summary>
    private static readonly TimeSpan s_betweenEarlyRenewals = TimeSpan.FromHours(6);

    private readonly Dictionary<HostName, (string Serial, DateTimeOffset Next)> _asked = [];
    private readonly Dictionary<HostName, DateTimeOffset> _renewedEarly = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_round, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = clock.GetUtcNow();
            var served = keeper.Certificates();
            foreach (var gone in _asked.Keys.Except(served.Select(one => one.Host)).ToList()) _asked.Remove(gone);
            var due = served.Where(one => one.Certificate.RenewalId is not null
                && (!_asked.TryGetValue(one.Host, out var asked) || asked.Serial != one.Certificate.Serial || asked.Next <= now)).Take(MostInARound);
            foreach (var (host, certificate) in due.ToList()) await AskAsync(host, certificate, stoppingToken);
        }
    }

    private async Task AskAsync(HostName host, PublishedCertificate certificate, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var again = s_afterTrouble;
        try
        {
            if (await RenewalWindow.AskAsync(transport, certificate.RenewalId!, cancellation) is { } window)
            {
                again = window.AskAgain;
                Suggest(host, certificate, window, now);
            }
        }
        catch (AcmeException e)
        {
            log.LogInformation("No renewal window for {Host}: {Problem}", host, e.Message);
        }

        _asked[host] = (certificate.Serial, now + again);
    }

    private void Suggest(HostName host, PublishedCertificate certificate, RenewalWindow window, DateTimeOffset now)
    {
        var at = window.Choose(now, Random.Shared.NextDouble());
        if (at <= now)
        {
            if (_renewedEarly.TryGetValue(host, out var last) && now - last < s_betweenEarlyRenewals) return;
            _renewedEarly[host] = now;
            log.LogWarning("The certificate authority wants the certificate of {Host} to be renewed now. Why: {Explanation}", host, window.Explanation ?? "it does not say");
        }

        keeper.Suggest(host, certificate.Serial, at);
    }
}
