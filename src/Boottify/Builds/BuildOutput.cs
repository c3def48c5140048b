using System.Text;
using System.Text.RegularExpressions;
using Boottify.Logs;

namespace Boottify.Builds;

/// <summary>
/// Makes lines of the pieces that the engine's build stream comes in. A piece may end in the middle of a line; of a line that
/// overwrites itself with carriage returns only the last state is kept; what a command writes to standard error comes in red.
/// </summary>
internal sealed partial class BuildOutput
{
    /// <summary>
    /// A longer line is cut into several. Far longer than what a log holds in one line: secrets are taken out after this, and
    /// a cut through one would leave two readable halves.
    /// </summary>
    public const int LongestLine = 1024 * 1024;

    private const string Red = "\u001b[91m";
    private const string Plain = "\u001b[0m";

    private readonly StringBuilder _stdout = new();
    private readonly StringBuilder _stderr = new();

    /// <summary>The step that the engine said it is at, such as <c>3/7 RUN npm ci</c>.</summary>
    public string? Step { get; private set; }

    /// <summary>Whether that step runs a command; all others only change the image, in a container that is never started.</summary>
    public bool RunsCommand => Step?.Contains(" RUN ", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Takes the next piece and tells the lines that it completes.</summary>
    public IEnumerable<OutputLine> Take(string piece)
    {
        var isError = piece.StartsWith(Red, StringComparison.Ordinal);
        if (isError)
        {
            piece = piece[Red.Length..];
            if (piece.EndsWith(Plain, StringComparison.Ordinal))
                piece = piece[..^Plain.Length];
        }

        var partial = isError ? _stderr : _stdout;
        foreach (var c in piece)
        {
            if (c == '\n')
            {
                yield return Complete(partial, isError);
            }
            else
            {
                partial.Append(c);
                if (partial.Length >= LongestLine && !char.IsHighSurrogate(c))
                    yield return Complete(partial, isError);
            }
        }

        // A progress bar may go on for minutes without a line's end: only its present state is of use.
        if (partial.Length > 0 && LastReturn(partial) is > 0 and var at && at < partial.Length - 1)
            partial.Remove(0, at + 1);
    }

    /// <summary>What is left when the stream ends.</summary>
    public IEnumerable<OutputLine> End()
    {
        if (_stdout.Length > 0)
            yield return Complete(_stdout, isError: false);
        if (_stderr.Length > 0)
            yield return Complete(_stderr, isError: true);
    }

    private OutputLine Complete(StringBuilder partial, bool isError)
    {
        var text = partial.ToString().TrimEnd('\r');
        partial.Clear();
        text = text[(text.LastIndexOf('\r') + 1)..];
        if (isError)
            return new(LogOrigin.Stderr, text);
        if (StepLine().Match(text) is { Success: true } step)
        {
            Step = $"{step.Groups[1].Value} {step.Groups[2].Value}";
            return new(LogOrigin.System, text);
        }

        return new(EngineLine().IsMatch(text) ? LogOrigin.System : LogOrigin.Stdout, text);
    }

    private static int LastReturn(StringBuilder text)
    {
        for (var i = text.Length - 2; i >= 0; i--)
        {
            if (text[i] == '\r')
                return i;
        }

        return -1;
    }

    /// <summary>The container that a line says it has started, as the engine abbreviates it; null for other lines.</summary>
    public static string? StartedContainer(OutputLine line) =>
        line.Origin == LogOrigin.System && Running().Match(line.Text) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"^Step ([0-9]{1,4}/[0-9]{1,4}) : (.{1,500})", RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex StepLine();

    [GeneratedRegex(@"^( ---> .*|Removing intermediate container [0-9a-f]{12}|Successfully (built|tagged) \S+)$", RegexOptions.NonBacktracking)]
    private static partial Regex EngineLine();

    [GeneratedRegex(@"^ ---> Running in ([0-9a-f]{12,64})$", RegexOptions.NonBacktracking)]
    private static partial Regex Running();
}

internal readonly record struct OutputLine(LogOrigin Origin, string Text);
