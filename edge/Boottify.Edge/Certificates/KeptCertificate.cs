using Boottify.Contracts.Edge;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>How it stands with the certificate of one host, or of the platform's wildcard. Changed by <see cref="CertificateKeeper"/> alone, under its lock.</summary>
/// <param name="cover">The wildcard that serves this host as soon as it is there; null for all other hosts and the wildcard itself.</param>
internal sealed class KeptCertificate(CertificateName name, KeptCertificate? cover) : IDisposable
{
    private readonly CancellationTokenSource _withdrawn = new();

    public CertificateName Name => name;
    public KeptCertificate? Cover => cover;

    /// <summary>Whose turn it takes; nobody's app for the wildcard.</summary>
    public Turn Turn { get; set; } = new("");

    /// <summary>Its own one.</summary>
    public PublishedCertificate? Certificate { get; set; }

    /// <summary>Its file leads to the wildcard's.</summary>
    public bool OnCover { get; set; }

    /// <summary>A handshake was seen to show what its file leads to, or what it led to before.</summary>
    public bool Seen { get; set; }

    /// <summary>Its own certificate was published, and is still to be looked at in a handshake.</summary>
    public bool ToSee { get; set; }

    public Trouble? Trouble { get; set; }

    /// <summary>When it was last tried before its time, at somebody's wish.</summary>
    public DateTimeOffset? HurriedAt { get; set; }

    /// <summary>Until when it is another edge's turn, and why.</summary>
    public (DateTimeOffset Until, string Reason)? Waits { get; set; }

    /// <summary>What another edge has ordered, to be published here, and the serial of the one that it goes before.</summary>
    public (PublishedCertificate Certificate, string Pem, string? Before)? Offered { get; set; }

    /// <summary>Of the file that the rest was read from.</summary>
    public (DateTime Written, long Length) Stamp { get; set; }

    public bool Working { get; set; }

    /// <summary>When the CA would like the certificate with that serial to be renewed.</summary>
    public (string Serial, DateTimeOffset At)? Suggestion { get; set; }
    public CancellationToken Withdrawn => _withdrawn.Token;

    public PublishedCertificate? Served => OnCover ? cover?.Certificate : Certificate;

    /// <summary>The wildcard is there, and not so near its end that it must have been renewed by now.</summary>
    public bool CoverIsGoodAt(DateTimeOffset now) => cover?.Certificate is { } shared && now < RenewalPolicy.Latest(shared);

    /// <summary>When there is something to do next.</summary>
    public DateTimeOffset DueAt
    {
        get
        {
            if (ToSee && !OnCover && Certificate is not null) return Trouble?.NextAttempt ?? DateTimeOffset.MinValue;
            var due = (OnCover, cover?.Certificate, Certificate) switch
            {
                (true, { } shared, _) => Seen ? RenewalPolicy.Latest(shared) : DateTimeOffset.MinValue,
                // Lost, and being replaced: thousands of hosts shall not order for themselves unless that fails.
                (true, null, _) => cover?.Trouble is null ? DateTimeOffset.MaxValue : DateTimeOffset.MinValue,
                (_, _, { } own) => RenewAt(own),
                _ => DateTimeOffset.MinValue,
            };
            if (Waits is { } waits && waits.Until > due) due = waits.Until;
            return Trouble is { } trouble && trouble.NextAttempt > due ? trouble.NextAttempt : due;
        }
    }

    /// <summary>What is to be looked at, when the next attempt is to look and to order nothing.</summary>
    public PublishedCertificate? LookAt(DateTimeOffset now) =>
        OnCover ? CoverIsGoodAt(now) ? Served : null : ToSee && Certificate is { } own && now < RenewAt(own) ? own : null;

    private DateTimeOffset RenewAt(PublishedCertificate own) => RenewalPolicy.RenewAt(name, own, Suggestion is { } wish && wish.Serial == own.Serial ? wish.At : null);

    /// <summary>A certificate that is valid stays active while its renewal is under way or has trouble, which is then said.</summary>
    public HostStatus StatusAt(DateTimeOffset now)
    {
        var serves = Served?.IsValidAt(now) is true && Seen;
        var state = serves ? CertificateState.Active
            : Waits is not null ? CertificateState.Pending
            : Working ? CertificateState.Issuing
            : Trouble is { } trouble && trouble.NextAttempt > now ? CertificateState.Failed
            : CertificateState.Pending;
        var next = Working ? null : Waits?.Until ?? Trouble?.NextAttempt ?? (serves ? OnCover ? cover!.DueAt : DueAt : (DateTimeOffset?)null);
        return new HostStatus(name.ToString(), state, Waits?.Reason ?? Trouble?.Reason, next, Served?.NotAfter, Served?.Serial);
    }

    public void Withdraw() => _withdrawn.Cancel();

    public void Dispose() => _withdrawn.Dispose();
}
