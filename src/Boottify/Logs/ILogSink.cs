namespace Boottify.Logs;

/// <summary>
/// Where a step writes its output. Lines are stamped and numbered here, redacted, and stored in batches; writing waits
/// only when storage is far behind, so that nothing is dropped.
/// </summary>
public interface ILogSink
{
    /// <summary>Adds one line, without its line ending.</summary>
    ValueTask WriteAsync(LogOrigin origin, string text, CancellationToken cancellation);
}

/// <summary>Who wrote a line.</summary>
public enum LogOrigin
{
    /// <summary>A program's standard output.</summary>
    Stdout,

    /// <summary>A program's standard error.</summary>
    Stderr,

    /// <summary>Boottify itself, telling what it does.</summary>
    System,
}
