using System.Collections.Concurrent;

namespace Boottify.Edge.Acme;

/// <summary>Nonces that the CA has handed out and that were not used yet. Each answer feeds it, so that asking for one is rare.</summary>
public sealed class NoncePool
{
    private const int Most = 64;
    private readonly ConcurrentStack<string> _nonces = new();

    /// <summary>The newest first: old ones may have been forgotten by the CA.</summary>
    public string? Take() => _nonces.TryPop(out var nonce) ? nonce : null;

    public void Feed(HttpResponseMessage answer)
    {
        if (!answer.Headers.TryGetValues("Replay-Nonce", out var values)) return;
        foreach (var nonce in values)
            if (nonce.Length > 0 && _nonces.Count < Most) _nonces.Push(nonce);
    }

    public void Clear() => _nonces.Clear();
}
