using System.Text.RegularExpressions;

namespace Boottify.Cluster.Rollout;

/// <summary>Turns the kubelet's words about a probe into what a user has to know.</summary>
internal static partial class ProbeWords
{
    /// <param name="message">Of an event with reason <c>Unhealthy</c>.</param>
    public static string Of(string? message)
    {
        if (message is null)
            return "failed";
        if (StatusCode().Match(message) is { Success: true } answered)
            return $"answered {answered.Groups[1].Value}";
        if (message.Contains("connection refused", StringComparison.Ordinal))
            return "was refused: nothing listens there (is the app listening on the port in PORT, on all addresses?)";
        if (message.Contains("Client.Timeout", StringComparison.Ordinal) || message.Contains("context deadline exceeded", StringComparison.Ordinal))
            return "had no answer in time";
        if (message.Contains("EOF", StringComparison.Ordinal) || message.Contains("connection reset", StringComparison.Ordinal))
            return "was cut off without an answer";
        var colon = message.IndexOf("failed: ", StringComparison.Ordinal);
        return "failed: " + (colon < 0 ? message : message[(colon + 8)..]).Trim();
    }

    [GeneratedRegex(@"statuscode: (\d{3})", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StatusCode();
}
