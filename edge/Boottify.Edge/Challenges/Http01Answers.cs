using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Challenges;

/// <summary>
/// The HTTP-01 answers (RFC 8555, 8.3) that this edge gives right now, each for one exact host and token. In memory alone: after
/// a crash the order is taken up again and its answers are put back.
/// </summary>
public sealed class Http01Answers
{
    private readonly ConcurrentDictionary<(string Host, string Token), string> _answers = new();

    /// <summary>Answers until the returned object is disposed.</summary>
    public Answer Give(HostName host, string token, string keyAuthorization)
    {
        _answers[(host.ToString(), token)] = keyAuthorization;
        return new Answer(() => _answers.TryRemove(new KeyValuePair<(string, string), string>((host.ToString(), token), keyAuthorization)));
    }

    public bool TryFind(string host, string token, [NotNullWhen(true)] out string? keyAuthorization) =>
        _answers.TryGetValue((host.ToLowerInvariant(), token), out keyAuthorization);

    public sealed class Answer(Action end) : IDisposable, IAsyncDisposable
    {
        public void Dispose() => end();

        public ValueTask DisposeAsync()
        {
            end();
            return ValueTask.CompletedTask;
        }
    }
}
