using System.Globalization;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;

namespace Boottify.Benchmarks.Edge;

/// <summary>h2load: a client that costs the two sides' common processors little.</summary>
internal static partial class Load
{
    private const int Connections = 32;
    private const int Seconds = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private const int Handshakes = 400; // All at once: fewer than what a socket's queue holds.
    private const int HandshakeRounds = 3;

    /// <returns>Requests a second over 32 kept HTTP/1.1 connections.</returns>
    public static async Task<double> RequestsAsync(Uri url) => (await RunAsync(url, $"-c{Connections}", $"-D{Seconds}", "--warm-up-time=1")).PerSecond;

    /// <returns>New TLS connections a second, with one request each and no resumption.</returns>
    public static async Task<double> HandshakesAsync(Uri url)
    {
        var seconds = 0.0;
        for (var n = 0; n < HandshakeRounds; n++)
            seconds += Handshakes / (await RunAsync(url, $"-c{Handshakes}", $"-n{Handshakes}")).PerSecond;
        return HandshakeRounds * Handshakes / seconds;
    }

    private static async Task<(double PerSecond, int Good)> RunAsync(Uri url, params string[] options)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var said = (await Cli.Wrap("h2load").WithArguments(["--h1", "-t1", $"--connect-to=127.0.0.1:{url.Port}", .. options, url.AbsoluteUri])
            .ExecuteBufferedAsync(deadline.Token)).StandardOutput;
        var answers = Answers.Match(said);
        if (!answers.Success || answers.Groups["good"].Value == "0" || answers.Groups["bad"].Value != "0 3xx, 0 4xx, 0 5xx")
            throw new InvalidOperationException($"Not all answers from {url} were good:\n{said}");
        return (double.Parse(Rate.Match(said).Groups["rate"].Value, CultureInfo.InvariantCulture), int.Parse(answers.Groups["good"].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"(?<rate>[\d.]+) req/s", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rate { get; }

    [GeneratedRegex(@"status codes: (?<good>\d+) 2xx, (?<bad>\d+ 3xx, \d+ 4xx, \d+ 5xx)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Answers { get; }
}
