using Boottify.Contracts.Edge;

namespace Boottify.Edge.Certificates;

/// <summary>What somebody asks for before its time.</summary>
public sealed partial class CertificateKeeper
{
    /// <summary>An authority allows few failures an hour, and counts all orders of all teams together.</summary>
    private static readonly TimeSpan s_betweenHurries = TimeSpan.FromMinutes(15);

    /// <summary>Tries a name that failed now instead of at its next attempt, where the wait is ours alone.</summary>
    /// <returns>Null when it is tried; else why it is not. A name that is not wanted is not found.</returns>
    public string? Hurry(CertificateName name, out bool found)
    {
        lock (_lock)
        {
            found = _kept.TryGetValue(name, out var kept);
            if (kept is null) return null;
            var now = clock.GetUtcNow();
            var status = kept.StatusAt(now);
            if (status.Certificate != CertificateState.Failed) return $"Nothing is to be tried again: its certificate is {status.Certificate}.";
            if (kept.HurriedAt + s_betweenHurries > now) return $"It was tried at somebody's wish a moment ago. {status.Reason}";
            if (kept.Trouble?.Hurried(now) is not { } hurried) return $"The certificate authority's limits do not allow another attempt yet. {status.Reason}";
            (kept.Trouble, kept.HurriedAt) = (hurried, now);
        }

        _work.Send();
        return null;
    }
}
