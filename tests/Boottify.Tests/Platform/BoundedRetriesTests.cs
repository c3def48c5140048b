using System.Net;
using System.Net.Sockets;
using Boottify.Platform;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.Tests.Platform;

public sealed class BoundedRetriesTests : IAsyncDisposable
{
    private readonly Server server = new();
    private readonly ServiceProvider services;
    private readonly HttpClient http;

    public BoundedRetriesTests()
    {
        var collection = new ServiceCollection();
        collection.AddHttpClient("part", http => http.BaseAddress = server.Address).AddBoundedRetries(attempt: TimeSpan.FromSeconds(30), total: TimeSpan.FromMinutes(2));
        services = collection.BuildServiceProvider();
        http = services.GetRequiredService<IHttpClientFactory>().CreateClient("part");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await services.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_part_that_is_back_is_reached_however_many_calls_had_failed()
    {
        server.Away = true;
        var failures = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Record.ExceptionAsync(() => http.GetAsync(Path, Token)).AsTask()));
        failures.Should().AllBeOfType<HttpRequestException>();

        server.Away = false;
        using var answer = await http.GetAsync(Path, Token);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_call_that_fails_is_repeated_until_it_succeeds_and_at_most_three_times()
    {
        server.Fail = 2;
        using var answer = await http.GetAsync(Path, Token);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        server.Asked.Should().Be(3);

        server.Fail = int.MaxValue;
        using var failed = await http.GetAsync(Path, Token);
        failed.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        server.Asked.Should().Be(3 + 4);
    }

    private static Uri Path => new("/", UriKind.Relative);

    /// <summary>Cuts connections off while it is away; answers 503 as often as told, then 200.</summary>
    private sealed class Server : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly Task accepting;
        private int asked;

        public Server()
        {
            listener.Start(500);
            accepting = AcceptAsync();
        }

        public volatile bool Away;

        public int Fail { get; set; }

        public int Asked => asked;

        public Uri Address => new($"http://{listener.LocalEndpoint}/");

        public async ValueTask DisposeAsync()
        {
            listener.Stop();
            await accepting;
            listener.Dispose();
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                    _ = AnswerAsync(await listener.AcceptSocketAsync());
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                // The test is over.
            }
        }

        private async Task AnswerAsync(Socket socket)
        {
            using var connection = socket;
            if (Away || await socket.ReceiveAsync(new byte[4096]) == 0)
                return;
            var failing = Interlocked.Increment(ref asked) <= Fail || Fail == int.MaxValue;
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 {(failing ? "503 Away" : "200 OK")}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
            socket.Shutdown(SocketShutdown.Send);
        }
    }
}
