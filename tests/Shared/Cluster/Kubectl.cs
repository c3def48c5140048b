using CliWrap;
using CliWrap.Buffered;

namespace Boottify.Testing;

/// <summary>kubectl against the cluster that KUBECONFIG names, asked again as the product does: an API server on a busy machine is away for a moment now and then.</summary>
internal static class Kubectl
{
    private static readonly string[] PassingFaults =
        ["timeout", "timed out", "connection refused", "connection reset", "EOF", "ServiceUnavailable", "InternalError", "etcdserver", "TooManyRequests", "the object has been modified"];

    /// <returns>Its standard output, trimmed.</returns>
    /// <exception cref="InvalidOperationException">It ended with another exit code than 0: its message has what it said.</exception>
    public static async Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        if (Environment.GetEnvironmentVariable("KUBECONFIG") is not { Length: > 0 })
            throw new InvalidOperationException("KUBECONFIG is not set: run ops/test, which starts a cluster and sets it.");
        for (var tries = 1; ; tries++)
        {
            var result = await Cli.Wrap("kubectl").WithArguments(arguments).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(cancellation);
            if (result.ExitCode == 0 || (tries > 1 && IsDone(arguments[0], result.StandardError)))
                return result.StandardOutput.Trim();
            if (tries == 6 || !PassingFaults.Any(fault => result.StandardError.Contains(fault, StringComparison.OrdinalIgnoreCase)))
                throw new InvalidOperationException($"kubectl {string.Join(' ', arguments)} ended with {result.ExitCode}: {result.StandardError}");
            await Task.Delay(TimeSpan.FromSeconds(2), cancellation);
        }
    }

    // By the try before, whose answer was lost.
    private static bool IsDone(string verb, string said) =>
        (verb == "create" && said.Contains("AlreadyExists", StringComparison.Ordinal)) || (verb == "delete" && said.Contains("NotFound", StringComparison.Ordinal));
}
