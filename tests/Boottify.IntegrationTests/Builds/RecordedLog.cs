using System.Collections.Concurrent;
using Boottify.Logs;

namespace Boottify.IntegrationTests.Builds;

/// <summary>Keeps the lines in the order in which they were written.</summary>
public sealed class RecordedLog : ILogSink
{
    private readonly ConcurrentQueue<(LogOrigin Origin, string Text)> _lines = new();

    public IReadOnlyList<(LogOrigin Origin, string Text)> Lines => [.. _lines];

    public string Text => string.Join('\n', _lines.Select(line => line.Text));

    /// <summary>Called with each line.</summary>
    public Action<string>? Written { get; set; }

    public IEnumerable<string> Of(LogOrigin origin) => Lines.Where(line => line.Origin == origin).Select(line => line.Text);

    public ValueTask WriteAsync(LogOrigin origin, string text, CancellationToken cancellation)
    {
        _lines.Enqueue((origin, text));
        Written?.Invoke(text);
        return ValueTask.CompletedTask;
    }
}
