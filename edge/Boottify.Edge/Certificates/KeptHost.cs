using Boottify.Contracts.Edge;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>How it stands with one host's certificate. Changed by <see cref="CertificateKeeper"/> alone, under its lock.</summary>
internal sealed class KeptHost(HostName host) : IDisposable
{
    private readonly CancellationTokenSource _withdrawn = new();

    public HostName Host => host;
    public PublishedCertificate? Certificate { get; set; }
    public CertificateStore.Trouble? Trouble { get; set; }

    /// <summary>Of the file that <see cref="Certificate"/> was read from.</summary>
    public (DateTime Written, long Length) Stamp { get; set; }

    public bool Working { get; set; }

    /// <summary>When the CA would like the certificate with that serial to be renewed.</summary>
    public (string Serial, DateTimeOffset At)? Suggestion { get; set; }
    public CancellationToken Withdrawn => _withdrawn.Token;

    /// <summary>When there is something to do next.</summary>
    public DateTimeOffset DueAt
    {
        get
        {
            var renewal = Certificate is { } certificate ? RenewalPolicy.RenewAt(host, certificate, Suggestion is { } wish && wish.Serial == certificate.Serial ? wish.At : null) : DateTimeOffset.MinValue;
            return Trouble is { } trouble && trouble.NextAttempt > renewal ? trouble.NextAttempt : renewal;
        }
    }

    /// <summary>A certificate that is valid stays active while its renewal is under way or has trouble, which is then said.</summary>
    public HostStatus StatusAt(DateTimeOffset now)
    {
        var serves = Certificate?.IsValidAt(now) is true;
        var state = serves ? CertificateState.Active
            : Working ? CertificateState.Issuing
            : Trouble is not null ? CertificateState.Failed
            : CertificateState.Pending;
        var next = Working ? null : Trouble?.NextAttempt ?? (serves ? DueAt : (DateTimeOffset?)null);
        return new HostStatus(host.ToString(), state, Trouble?.Reason, next, Certificate?.NotAfter);
    }

    public void Withdraw() => _withdrawn.Cancel();

    public void Dispose() => _withdrawn.Dispose();
}
