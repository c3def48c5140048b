using System.Diagnostics.CodeAnalysis;
using Boottify.Contracts.Edge;

namespace Boottify.Edge.Challenges;

/// <summary>
/// Answers the control plane's question whether a host leads here, which it asks before the host is in any route: from the
/// question itself, so that a crash loses nothing and a stranger's question costs one hash.
/// </summary>
public sealed class SelfCheckAnswers(EdgeSettings settings)
{
    private readonly SelfCheckProof _proof = new(settings.Token);

    public bool TryFind(string host, string token, [NotNullWhen(true)] out string? answer) => _proof.TryAnswer(host, token, out answer);
}
