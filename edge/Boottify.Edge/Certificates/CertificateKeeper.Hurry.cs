using Boottify.Contracts.Edge;

namespace Boottify.Edge.Certificates;

/// <summary>What somebody asks for before its time.</summary>
public sealed partial class CertificateKeeper
{
    /// <summary>An authority allows few failures an hour, and counts all orders of all teams together.</summary>
    private static readonly TimeSpan s_betweenHurries = TimeSpan.FromMinutes(15);

    /// <summary>Tries a name that failed now instead of at its next attempt, where the wait is ours alone. Of several edges, one hears it.</summary>
    /// <returns>No refusal when it is tried; else why it is not. A name that is not wanted is not found.</returns>
    public async Task<(bool Found, string? Refusal)> HurryAsync(CertificateName name, CancellationToken cancellation)
    {
        const string Again = "It was tried at somebody's wish a moment ago.";
        string? reason;
        lock (_lock)
        {
            if (_kept.GetValueOrDefault(name) is not { } kept) return (false, null);
            var now = clock.GetUtcNow();
            var status = kept.StatusAt(now);
            reason = status.Reason;
            if (status.Certificate != CertificateState.Failed) return (true, $"Nothing is to be tried again: its certificate is {status.Certificate}.");
            if (kept.HurriedAt + s_betweenHurries > now) return (true, $"{Again} {reason}");
            if (kept.Trouble?.Hurried(now) is null) return (true, $"The certificate authority's limits do not allow another attempt yet. {reason}");
            kept.HurriedAt = now;
        }

        var heard = troubles is null || await troubles.TryHurryAsync(name, s_betweenHurries, cancellation);
        lock (_lock)
        {
            if (_kept.GetValueOrDefault(name) is not { } kept) return (false, null);
            if (!heard) kept.HurriedAt = null; // The other edges count it.
            else if (!kept.Working) kept.Trouble = kept.Trouble?.Hurried(clock.GetUtcNow()) ?? kept.Trouble;
        }

        _work.Send();
        return (true, heard ? null : $"{Again} {reason}");
    }
}
