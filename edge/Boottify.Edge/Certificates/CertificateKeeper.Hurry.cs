using Boottify.Contracts.Edge;

namespace Boottify.Edge.Certificates;

/// <summary>What somebody asks for before its time.</summary>
public sealed partial class CertificateKeeper
{
    /// <summary>Tries a name that failed now instead of at its next attempt, where the wait is ours alone.</summary>
    /// <returns>Null when it is tried; else why it is not. A name that is not wanted is not found.</returns>
    public string? Hurry(CertificateName name, out bool found)
    {
        lock (_lock)
        {
            found = _kept.TryGetValue(name, out var kept);
            if (kept is null) return null;
            var status = kept.StatusAt(clock.GetUtcNow());
            if (status.Certificate != CertificateState.Failed) return $"Nothing is to be tried again: its certificate is {status.Certificate}.";
            if (kept.Trouble?.Hurried(clock.GetUtcNow()) is not { } hurried) return $"The certificate authority's limits do not allow another attempt yet. {status.Reason}";
            kept.Trouble = hurried;
        }

        _work.Send();
        return null;
    }
}
