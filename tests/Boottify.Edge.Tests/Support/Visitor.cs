using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Boottify.Edge.Tests.Support;

/// <summary>
/// Asks one host over TLS without a pause, byte by byte, so that nothing is tried again unseen as HTTP clients do: over a new
/// connection for each request, or over one for as long as nginx keeps it.
/// </summary>
internal sealed class Visitor(int port, string host, string expected, bool keeps)
{
    private readonly ConcurrentQueue<string> _failures = new();

    public bool Keeps => keeps;
    public int Requests { get; private set; }
    public int Connections { get; private set; }

    /// <summary>Requests on a kept connection that nginx closed instead of answering with a single byte: a browser sends them again by itself.</summary>
    public int Unanswered { get; private set; }

    public TimeSpan Longest { get; private set; }

    /// <summary>Anything else but a whole 200 with the expected text.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>Until then; a request that is under way is finished and counts.</summary>
    public async Task VisitAsync(CancellationToken leave)
    {
        while (!leave.IsCancellationRequested)
        {
            try
            {
                await using var stream = await OpenAsync();
                for (var asked = 0; asked == 0 || keeps && !leave.IsCancellationRequested; asked++)
                    if (!await AskAsync(stream, isFirst: asked == 0)) break;
            }
            catch (Exception e) when (e is IOException or SocketException or System.Security.Authentication.AuthenticationException or OperationCanceledException)
            {
                await FailedAsync(e.Message);
            }
        }
    }

    private async Task<SslStream> OpenAsync()
    {
        Connections++;
        using var deadline = Deadline();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? stream = null;
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, deadline.Token);
            stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = host, AllowTlsResume = false, RemoteCertificateValidationCallback = (_, _, _, _) => true }, deadline.Token);
            return stream;
        }
        catch
        {
            if (stream is not null) await stream.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    /// <returns>Whether the connection may be used again.</returns>
    private async Task<bool> AskAsync(SslStream stream, bool isFirst)
    {
        using var deadline = Deadline();
        var began = Stopwatch.GetTimestamp();
        Requests++;
        var answer = new Answer();
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /whole HTTP/1.1\r\nHost: {host}\r\nConnection: {(keeps ? "keep-alive" : "close")}\r\n\r\n"), deadline.Token);
            await answer.ReadAsync(stream, deadline.Token);
        }
        catch (IOException) when (!isFirst && answer.IsEmpty)
        {
        }

        if (!isFirst && answer.IsEmpty)
        {
            Unanswered++;
            return false;
        }

        var took = Stopwatch.GetElapsedTime(began);
        if (took > Longest) Longest = took;
        if (!answer.IsWhole || !answer.Text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal) || answer.Body != expected) await FailedAsync(answer.Text);
        return answer is { IsWhole: true, Closes: false };
    }

    private Task FailedAsync(string how)
    {
        _failures.Enqueue($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {(keeps ? "kept" : "new")} connection, request {Requests}: {how.ReplaceLineEndings(" ")}");
        return Task.Delay(50); // One outage is not a thousand failures.
    }

    private static CancellationTokenSource Deadline() => new(TimeSpan.FromSeconds(30));

    private sealed class Answer
    {
        private int _end = -1;

        public string Text { get; private set; } = "";
        public bool IsEmpty => Text.Length == 0;
        public bool IsWhole => _end >= 0 && Text.Length == _end + Length;
        public string Body => _end < 0 ? "" : Text[_end..];
        public bool Closes => Text.Contains("\r\nConnection: close\r\n", StringComparison.OrdinalIgnoreCase);

        private int Length => Text[.._end].Split("\r\n").Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(line => int.Parse(line["Content-Length:".Length..], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture)).FirstOrDefault(-1);

        public async Task ReadAsync(Stream stream, CancellationToken cancellation)
        {
            var buffer = new byte[4096];
            while (!IsWhole)
            {
                var count = await stream.ReadAsync(buffer, cancellation);
                if (count == 0) return;
                Text += Encoding.ASCII.GetString(buffer, 0, count);
                if (_end < 0 && Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var at) _end = at + 4;
            }
        }
    }
}
