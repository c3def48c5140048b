using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;
using static Boottify.Testing.Patience;

namespace Boottify.Edge.Tests;

/// <summary>How bodies reach an app: small ones whole, others as they come, so that senders who stop half-way fill no disk.</summary>
[Collection(SharedEdgeCollection.Name)]
public sealed class BodiesTests(SharedEdge shared)
{
    private const int Sent = 150_000;

    private RunningEdge Edge => shared.Edge;

    /// <summary>The files in which nginx keeps bodies of requests under way: it takes their names away at once, so they are seen as its open ones alone.</summary>
    private string[] OnDisk => [.. Edge.Workers.SelectMany(OpenFiles).Where(target => target.Contains("nginx/tmp/body/", StringComparison.Ordinal))];

    private static string[] OpenFiles(int worker)
    {
        try
        {
            return [.. Directory.GetFiles($"/proc/{worker}/fd").Select(file => new FileInfo(file).LinkTarget ?? "")];
        }
        // A worker of before the reload ends just now.
        catch (IOException)
        {
            return [];
        }
    }

    [Theory]
    [InlineData("Content-Length: 150001", "", "x")]
    [InlineData("Content-Length: 000000150001", "", "x")]
    [InlineData("Transfer-Encoding: chunked", "249f0\r\n", "\r\n0\r\n\r\n")]
    public async Task A_big_body_or_one_of_unknown_length_reaches_the_app_as_it_comes(string length, string before, string rest)
    {
        await using var app = await TenantApp.StartAsync("big");
        using var client = await RawClient.SendAsync(Edge.HttpPort, Post(await ServeAsync(app), length) + before + new string('x', Sent));
        await UntilAsync(() => Task.FromResult(app.Requests.Contains("POST /length")));
        OnDisk.Should().BeEmpty();
        await client.SendAsync(rest);
        (await client.AnswerAsync()).Should().StartWith("HTTP/1.1 200");
    }

    [Fact]
    public async Task A_small_body_reaches_the_app_once_it_is_whole()
    {
        await using var app = await TenantApp.StartAsync("small");
        var host = await ServeAsync(app);
        using var client = await RawClient.SendAsync(Edge.HttpPort, Post(host, "Content-Length: 99999") + new string('x', 99_998));
        await UntilAsync(() => Task.FromResult(OnDisk.Length == 1));
        app.Requests.Should().BeEmpty();
        await client.SendAsync("x");
        (await client.AnswerAsync()).Should().StartWith("HTTP/1.1 200");
        app.Requests.Should().Equal("POST /length");
        await UntilAsync(() => Task.FromResult(OnDisk.Length == 0));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_small_post_over_https_keeps_its_method_query_and_body(string version)
    {
        await using var app = await TenantApp.StartAsync("form");
        var (_, host) = await Edge.ServeNewAsync(app);
        using var browser = await Edge.BrowserAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, Edge.Https(host, "/?a=%20b"))
        {
            Version = new Version(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent("some words"),
        };
        using var answer = await browser.SendAsync(request);
        answer.StatusCode.Should().Be(System.Net.HttpStatusCode.OK);
        (await answer.Content.ReadAsStringAsync()).Should().Be("form got some words");
    }

    [Fact]
    public async Task A_challenge_has_no_body()
    {
        var answer = await RawClient.AskAsync(Edge.HttpPort,
            $"POST /.well-known/acme-challenge/token HTTP/1.1\r\nHost: unknown.{Edge.Zone.Name}\r\nContent-Length: 2000\r\nConnection: close\r\n\r\n");
        answer.Should().StartWith("HTTP/1.1 413");
    }

    private static string Post(string host, string length) => $"POST /length HTTP/1.1\r\nHost: {host}\r\n{length}\r\nConnection: close\r\n\r\n";

    private async Task<string> ServeAsync(TenantApp app)
    {
        var host = Edge.NewHost();
        await Edge.ServeAsync(new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host, RedirectToHttps: false)]));
        return host;
    }
}
