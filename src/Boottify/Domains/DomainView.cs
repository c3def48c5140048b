using Boottify.Apps;
using Boottify.Contracts.Edge;
using Boottify.Platform;
using Boottify.Routes;

namespace Boottify.Domains;

public enum DomainStatus
{
    /// <summary>The TXT record that proves the ownership is not seen yet.</summary>
    PendingOwnership,

    /// <summary>The name does not lead here, or our certificate authority may not issue for it.</summary>
    PendingDns,

    /// <summary>The edge is getting a certificate, or waits for the app's first deployment.</summary>
    Issuing,
    Active,

    /// <summary>The last order of a certificate failed; tried again by itself.</summary>
    Failed,
}

/// <summary>A domain as its users see it.</summary>
/// <param name="Host">A-labels, as it is stored.</param>
/// <param name="Unicode">The same for people to read.</param>
/// <param name="Reason">What is wrong and what to do, or what is waited for; null when nothing is.</param>
/// <param name="NextAttempt">When it is looked at, or ordered, again by itself.</param>
/// <param name="Records">What to set where the domain's DNS is kept, and to keep.</param>
/// <param name="CertificateEnds">Of the certificate that is served.</param>
public sealed record DomainView(
    string Host, string Unicode, DomainStatus Status, string? Reason, DateTimeOffset? NextAttempt, IReadOnlyList<DnsRecord> Records, DateTimeOffset AddedAt, DateTimeOffset? CertificateEnds)
{
    /// <param name="route">The app's route at the edge; null where it has none, or the edge does not answer.</param>
    /// <param name="nextLook">When this side looks again.</param>
    public static DomainView Of(Domain domain, App app, RouteStatus? route, bool edgeAnswers, DateTimeOffset? nextLook, PlatformSettings settings)
    {
        var certificate = route?.Hosts.FirstOrDefault(h => string.Equals(h.Host, domain.Host, StringComparison.Ordinal));
        var (status, reason, next) = domain.Stage switch
        {
            DomainStage.Ownership => (DomainStatus.PendingOwnership, domain.Reason, nextLook),
            DomainStage.Dns => (DomainStatus.PendingDns, domain.Reason, nextLook),
            _ when !edgeAnswers => (
                domain.ActiveAt is null ? DomainStatus.Issuing : DomainStatus.Active,
                domain.Reason ?? "The edge does not answer at the moment, so how the certificate stands is not known. It serves on by itself.", nextLook),
            _ when certificate is null => (
                DomainStatus.Issuing, domain.Reason ?? (app.CurrentRelease is null ? "It is served once the app's first deployment has succeeded." : "It is on its way to the edge."), nextLook),
            _ => OfCertificate(certificate, domain, nextLook),
        };
        return new DomainView(
            domain.Host, DomainName.ToUnicode(domain.Host), status, reason, next, domain.Records(app.Names.Host(settings.Domain), settings.EdgeAddresses), domain.AddedAt, certificate?.NotAfter);
    }

    private static (DomainStatus Status, string? Reason, DateTimeOffset? Next) OfCertificate(HostStatus certificate, Domain domain, DateTimeOffset? nextLook) => certificate.Certificate switch
    {
        CertificateState.Active => (DomainStatus.Active, domain.Reason ?? certificate.Reason, domain.Reason is null ? certificate.NextAttempt ?? nextLook : nextLook),
        CertificateState.Failed => (DomainStatus.Failed, domain.Reason ?? certificate.Reason, certificate.NextAttempt ?? nextLook),
        _ => (DomainStatus.Issuing, domain.Reason ?? certificate.Reason, certificate.NextAttempt ?? nextLook),
    };
}

/// <summary>Puts what the streams, the table and the edge know of domains together.</summary>
public sealed class DomainViews(DomainTable table, IEdge edge, PlatformSettings settings, ILogger<DomainViews> log)
{
    private static readonly TimeSpan PatienceWithEdge = TimeSpan.FromSeconds(3);

    public async Task<DomainView> OfAsync(App app, Domain domain, CancellationToken cancellation) => (await OfAsync(app, [domain], cancellation))[0];

    public async Task<IReadOnlyList<DomainView>> OfAsync(App app, IReadOnlyList<Domain> domains, CancellationToken cancellation)
    {
        var looks = await table.OfAppAsync(app.Id, cancellation);
        var (route, answers) = domains.Any(d => d.Stage == DomainStage.Edge) ? await RouteAsync(app.Id, cancellation) : (null, true);
        return [.. domains.Select(d => DomainView.Of(d, app, route, answers, looks.TryGetValue(d.Id, out var next) ? next : null, settings))];
    }

    private async Task<(RouteStatus? Route, bool Answers)> RouteAsync(string appId, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(PatienceWithEdge);
        try
        {
            return (await edge.GetRouteAsync(appId, TimeSpan.Zero, patience.Token), true);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("The edge does not say how app {App}'s certificates stand: {Reason}", appId, e.Message);
            return (null, false);
        }
    }
}
