using System.Globalization;
using System.Net.Sockets;
using Boottify.Edge.Files;

namespace Boottify.Edge.Nginx;

/// <summary>Asks the running nginx itself which configuration it serves, over its own socket.</summary>
public sealed class GenerationProbe : IDisposable
{
    private readonly HttpClient _client;

    public GenerationProbe(EdgeFolders folders) => _client = new HttpClient(new SocketsHttpHandler
    {
        // A new connection each time: a kept one would go on asking the worker it began with.
        PooledConnectionLifetime = TimeSpan.Zero,
        UseProxy = false,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(folders.ProbeSocket), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    {
        BaseAddress = new Uri("http://nginx/"),
        Timeout = TimeSpan.FromSeconds(2),
    };

    /// <summary>The generation that answered, or null when nothing did.</summary>
    public async Task<long?> AskAsync(CancellationToken cancellation)
    {
        try
        {
            return long.TryParse(await _client.GetStringAsync("generation", cancellation), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    public void Dispose() => _client.Dispose();
}
