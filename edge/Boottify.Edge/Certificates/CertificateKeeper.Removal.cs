namespace Boottify.Edge.Certificates;

/// <summary>What becomes of a name that is not wanted any more: no file of it stays, and the other edges are told.</summary>
public sealed partial class CertificateKeeper
{
    /// <summary>Removes what a crash in the middle of a withdrawal, or another domain of the platform, has left. Called once, after the first <see cref="Follow"/>.</summary>
    public void RemoveLeftovers()
    {
        troubles?.RecallWithdrawn();
        lock (_lock)
            foreach (var name in store.Stored().Select(host => (CertificateName)host).Concat(store.UnusedWildcards()).Where(name => !_kept.ContainsKey(name)).ToList())
            {
                troubles?.Withdraw(name);
                store.Remove(name);
                shared?.Withdraw(name);
            }
    }

    private void Remove(KeptCertificate kept)
    {
        try
        {
            troubles?.Withdraw(kept.Name); // First, as nothing else tells of a name without a certificate.
            store.Remove(kept.Name);
            issuer.Forget(kept.Name);
            shared?.Withdraw(kept.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogError("The files of {Name} stay until the edge starts again: {Problem}", kept.Name, e.Message);
        }

        kept.Dispose();
    }
}
