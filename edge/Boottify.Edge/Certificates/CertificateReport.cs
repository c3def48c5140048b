using Boottify.Edge.Acme;

namespace Boottify.Edge.Certificates;

/// <summary>How it stands with all certificates: how long they have, which are in danger, what is to come.</summary>
/// <param name="HostsOnWildcard">Hosts that need none of their own.</param>
/// <param name="TimeLeft">How many have at most so much left to live, and more than the entry before.</param>
/// <param name="Alarms">Those near their end that were not renewed, the nearest first.</param>
/// <param name="Troubled">All whose last attempt failed, with or without a certificate, those with the most failures first; at most a hundred.</param>
/// <param name="Renewals">How many will be renewed on each of the coming days, as things stand now.</param>
public sealed record CertificateReport(
    int Certificates, int HostsOnWildcard, IReadOnlyList<CertificateReport.Span> TimeLeft, IReadOnlyList<CertificateReport.Alarm> Alarms, IReadOnlyList<CertificateReport.Failing> Troubled,
    IReadOnlyList<CertificateReport.Day> Renewals, IReadOnlyList<CertificateReport.Issuer> Authorities)
{
    /// <param name="Left">Such as <c>7d</c>; <c>expired</c>, and <c>more</c> for the rest.</param>
    public sealed record Span(string Left, int Count);

    public sealed record Alarm(string Name, DateTimeOffset NotAfter, string? Reason, DateTimeOffset? NextAttempt);

    public sealed record Failing(string Name, int Failures, string Reason, DateTimeOffset NextAttempt);

    public sealed record Day(DateOnly Date, int Count);

    /// <param name="Orders">New ones in the last three hours.</param>
    /// <param name="OrdersAllowed">Null when nothing limits them.</param>
    /// <param name="Rests">It did not answer lately; another one is asked first.</param>
    public sealed record Issuer(string Name, Uri Directory, int Orders, int? OrdersAllowed, bool Rests);

    /// <summary>What is looked at for each certificate.</summary>
    /// <param name="Certificate">Null when there is none so far.</param>
    /// <param name="Due">When it is to be renewed.</param>
    public sealed record Row(string Name, PublishedCertificate? Certificate, DateTimeOffset Due, Trouble? Trouble);

    public const int DaysAhead = 30;
    private const int MostTroubled = 100;
    private static readonly int[] s_spans = [1, 3, 7, 14, 30, 60];

    /// <summary>Pure. An alarm is for a certificate with less than <paramref name="alarm"/>, and less than a quarter of its life, left.</summary>
    public static CertificateReport Of(IReadOnlyList<Row> all, int hostsOnWildcard, IEnumerable<Issuer> authorities, TimeSpan alarm, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var rows = all.Where(row => row.Certificate is not null).Select(row => (row.Name, Certificate: row.Certificate!, row.Due, row.Trouble)).ToList();
        var renewals = rows.CountBy(row => DateOnly.FromDateTime((row.Due < now ? now : row.Due).UtcDateTime)).ToDictionary();
        var left = rows.CountBy(row => SpanOf(row.Certificate.NotAfter - now)).ToDictionary();
        return new CertificateReport(rows.Count, hostsOnWildcard,
            [.. s_spans.Select(days => $"{days}d").Prepend("expired").Append("more").Select(span => new Span(span, left.GetValueOrDefault(span)))],
            [.. rows.Where(row => IsInDanger(row.Certificate, alarm, now)).OrderBy(row => row.Certificate.NotAfter)
                .Select(row => new Alarm(row.Name, row.Certificate.NotAfter, row.Trouble?.Reason, row.Trouble?.NextAttempt))],
            [.. all.Where(row => row.Trouble is not null).OrderByDescending(row => row.Trouble!.Failures).Take(MostTroubled)
                .Select(row => new Failing(row.Name, row.Trouble!.Failures, row.Trouble.Reason, row.Trouble.NextAttempt))],
            [.. Enumerable.Range(0, DaysAhead).Select(today.AddDays).Select(day => new Day(day, renewals.GetValueOrDefault(day)))],
            [.. authorities]);
    }

    public static Issuer Of(Authority authority) =>
        new(authority.Name, authority.Settings.Directory, authority.Budget.Orders, authority.Budget.Limits?.Orders, authority.Rests);

    private static bool IsInDanger(PublishedCertificate certificate, TimeSpan alarm, DateTimeOffset now)
    {
        var quarter = (certificate.NotAfter - certificate.NotBefore) / 4;
        return certificate.NotAfter - now < (quarter < alarm ? quarter : alarm);
    }

    private static string SpanOf(TimeSpan left) =>
        left <= TimeSpan.Zero ? "expired" : s_spans.Where(days => left <= TimeSpan.FromDays(days)).Select(days => $"{days}d").FirstOrDefault() ?? "more";
}
