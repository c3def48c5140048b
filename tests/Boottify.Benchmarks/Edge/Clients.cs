using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Boottify.Benchmarks.Edge;

/// <summary>HTTP clients that open a connection for each request, on this machine, whatever the name.</summary>
internal static class Clients
{
    public static HttpClient OnSocket(string path) => Over(async (_, stop) => await ConnectAsync(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified), new UnixDomainSocketEndPoint(path), stop));

    /// <summary>Believes any certificate: which one is served is not what is measured.</summary>
    public static HttpClient OnLoopback() => Over(async (context, stop) =>
        await ConnectAsync(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }, new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), stop));

    /// <summary>Whether the host answers 200 now.</summary>
    public static async Task<bool> AnswersAsync(this HttpClient client, Uri url, CancellationToken stop)
    {
        try
        {
            using var answer = await client.GetAsync(url, stop);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private static HttpClient Over(Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect) => new(new SocketsHttpHandler
    {
        PooledConnectionLifetime = TimeSpan.Zero,
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectCallback = connect,
#pragma warning disable CA5359
        SslOptions = new SslClientAuthenticationOptions { AllowTlsResume = false, RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
    })
    {
        Timeout = TimeSpan.FromSeconds(10),
        DefaultRequestHeaders = { { "User-Agent", "boottify-benchmark" } }, // Pebble answers nobody without (RFC 8555, 6.1).
    };

    private static async Task<Stream> ConnectAsync(Socket socket, EndPoint to, CancellationToken stop)
    {
        try
        {
            await socket.ConnectAsync(to, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
