using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Boottify.Contracts.Edge;

/// <summary>
/// The question that the control plane asks under a host's own name on port 80 before a certificate is ordered for it, and the
/// answer that an edge alone can give. Both sides compute it from the edge's bearer token, the host and a random number, so an
/// edge answers for a host that it has never heard of and keeps nothing; a server that echoes what it is asked does not pass.
/// </summary>
/// <remarks>The key is derived from the bearer token and may be seen at work by whoever is on the way: that token has to be one that cannot be guessed.</remarks>
public sealed class SelfCheckProof
{
    /// <summary>Where the question is asked: the place of ACME's own challenges (RFC 8555, 8.3).</summary>
    public const string Path = "/.well-known/acme-challenge/";

    /// <summary>ACME's tokens are base64url, which has no dot: none of them begins like this.</summary>
    public const string Prefix = "boottify.";

    private const int RandomBytes = 16;
    private const string Label = "boottify self-check";

    private static readonly int RandomLength = Base64Url.GetEncodedLength(RandomBytes);
    private static readonly int ProofLength = Base64Url.GetEncodedLength(HMACSHA256.HashSizeInBytes);

    private readonly byte[] key;

    /// <param name="edgeToken">The bearer token of the edge's own interface, which both sides have.</param>
    public SelfCheckProof(string edgeToken) =>
        key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(edgeToken), HMACSHA256.HashSizeInBytes, info: Encoding.ASCII.GetBytes(Label));

    /// <summary>Prefix, random number, dot, proof: of one length always.</summary>
    public static int TokenLength => Prefix.Length + RandomLength + 1 + ProofLength;

    /// <summary>A question about a host that no one has asked before.</summary>
    public string NewToken(HostName host)
    {
        var random = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));
        return $"{Prefix}{random}.{Proof("question", host, random)}";
    }

    /// <summary>The edge's side.</summary>
    /// <param name="host">As it was asked for, and of whatever form.</param>
    /// <returns>False for a question that is not ours, or that was made for another host.</returns>
    public bool TryAnswer(string host, string token, [NotNullWhen(true)] out string? answer)
    {
        answer = null;
        if (token.Length != TokenLength || !token.StartsWith(Prefix, StringComparison.Ordinal) || !HostName.TryParse(host, out var name, out _))
            return false;
        var random = token.Substring(Prefix.Length, RandomLength);
        if (!Same(token, $"{Prefix}{random}.{Proof("question", name, random)}"))
            return false;
        answer = Answer(name, random);
        return true;
    }

    /// <summary>The control plane's side.</summary>
    /// <param name="token">From <see cref="NewToken"/>, for that host.</param>
    public bool IsAnswer(HostName host, string token, string answer) => Same(answer, Answer(host, token.Substring(Prefix.Length, RandomLength)));

    private string Answer(HostName host, string random) => Proof("answer", host, random);

    /// <summary>No part can hold a line's end, so no two questions give the same text.</summary>
    private string Proof(string direction, HostName host, string random) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"{Label}\n{direction}\n{host}\n{random}")));

    /// <summary>Takes as long whatever the first difference is.</summary>
    private static bool Same(string given, string right) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(right));
}
