using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text;
using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

[Collection(SharedEdgeCollection.Name)]
public sealed class ServingTests(SharedEdge shared)
{
    private RunningEdge Edge => shared.Edge;

    [Fact]
    public async Task A_new_app_is_served_over_https_with_a_certificate_that_the_authority_verified_over_http()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await Edge.ServeNewAsync(app);
        using var browser = await Edge.BrowserAsync();
        (await browser.GetStringAsync(Edge.Https(host))).Should().Be("hello from a");
        Edge.Pebble.Said.Should().Contain(host, "Pebble must have been asked for this name");
    }

    [Fact]
    public async Task A_browser_that_offers_http2_gets_it()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await Edge.ServeNewAsync(app);
        using var browser = await Edge.BrowserAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, Edge.Https(host)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await browser.SendAsync(request);
        answer.Version.Should().Be(HttpVersion.Version20);
        (await answer.Content.ReadAsStringAsync()).Should().Be("hello from a");
    }

    [Fact]
    public async Task A_handshake_with_an_unknown_name_is_refused()
    {
        var handshake = () => Edge.ServedSerialAsync($"unknown.{Edge.Zone.Name}");
        await handshake.Should().ThrowAsync<Exception>().Where(e => e is AuthenticationException || e is IOException);
    }

    [Fact]
    public async Task A_request_for_another_host_than_the_one_in_the_handshake_is_misdirected()
    {
        await using var first = await TenantApp.StartAsync("first");
        await using var second = await TenantApp.StartAsync("second");
        var (_, one) = await Edge.ServeNewAsync(first);
        var (_, other) = await Edge.ServeNewAsync(second);
        (await RawAsync(Get(one), serverName: one)).Should().Contain("hello from first");
        (await RawAsync(Get(one), serverName: one.ToUpperInvariant())).Should().Contain("hello from first", "names are the same in any case");
        foreach (var asked in (string[])[other, $"unknown.{Edge.Zone.Name}"])
            (await RawAsync(Get(asked), serverName: one)).Should().StartWith("HTTP/1.1 421", asked);
        second.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task Plain_http_is_redirected_with_path_query_and_port_and_an_unknown_host_is_not_found()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await Edge.ServeNewAsync(app);
        using var browser = await Edge.BrowserAsync();
        using var redirect = await browser.GetAsync(Edge.Http(host, "/a%20b/c?x=1&y=%2F"));
        redirect.StatusCode.Should().Be(HttpStatusCode.PermanentRedirect);
        redirect.Headers.Location!.OriginalString.Should().Be($"https://{host}:{Edge.HttpsPort}/a%20b/c?x=1&y=%2F");
        using var unknown = await browser.GetAsync(Edge.Http($"unknown.{Edge.Zone.Name}"));
        unknown.StatusCode.Should().Be(HttpStatusCode.NotFound);
        app.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task A_host_that_shall_not_redirect_is_served_over_plain_http_too()
    {
        await using var app = await TenantApp.StartAsync("plain");
        var host = Edge.NewHost();
        await Edge.ServeAsync(new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host, RedirectToHttps: false)]));
        using var browser = await Edge.BrowserAsync();
        (await browser.GetStringAsync(Edge.Http(host))).Should().Be("hello from plain");
    }

    [Theory]
    [InlineData("/.well-known/acme-challenge/not-a-token")]
    [InlineData("/.well-known/acme-challenge/")]
    [InlineData("/.well-known/acme-challenge/../../v1/routes")]
    [InlineData("/.well-known/acme-challenge/%2e%2e/%2e%2e/v1/routes")]
    [InlineData("/.well-known/acme-challenge/..%2f..%2fv1%2froutes")]
    public async Task A_challenge_path_is_neither_redirected_nor_shown_to_the_tenant_nor_a_way_to_the_control_interface(string path)
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await Edge.ServeNewAsync(app);
        var answer = await RawAsync(Get(host, path));
        if (path.Contains("..", StringComparison.Ordinal) || path.Contains("%2e", StringComparison.Ordinal))
            answer.Should().Match(text => text.StartsWith("HTTP/1.1 404") || text.StartsWith("HTTP/1.1 308"), "nothing but a redirect or nothing at all");
        else
            answer.Should().StartWith("HTTP/1.1 404");
        answer.Should().NotContain("appId");
        app.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task What_a_client_says_of_its_own_origin_is_not_believed()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await Edge.ServeNewAsync(app);
        using var browser = await Edge.BrowserAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, Edge.Https(host, "/headers"));
        foreach (var lie in (string[])["X-Forwarded-For", "X-Real-IP", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Request-Id", "Forwarded", "Proxy"])
            request.Headers.TryAddWithoutValidation(lie, "lie");
        using var answer = await browser.SendAsync(request);
        var seen = (await answer.Content.ReadFromJsonAsync<Dictionary<string, string>>())!;
        seen["x-forwarded-for"].Should().Be("127.0.0.1");
        seen["x-forwarded-proto"].Should().Be("https");
        seen["x-forwarded-host"].Should().Be($"{host}:{Edge.HttpsPort}");
        seen["host"].Should().Be($"{host}:{Edge.HttpsPort}");
        seen["x-request-id"].Should().MatchRegex("^[0-9a-f]{32}$").And.Be(answer.Headers.GetValues("X-Request-Id").Single());
        seen.Values.Should().NotContain("lie");
    }

    [Fact]
    public async Task An_app_cannot_steer_nginx_to_another_place()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await Edge.ServeNewAsync(app);
        using var browser = await Edge.BrowserAsync();
        (await browser.GetStringAsync(Edge.Https(host, "/steer"))).Should().Be("not steered");
    }

    [Fact]
    public async Task Browsers_are_bound_to_https_only_for_hosts_whose_owner_asked_for_it()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (bound, free) = (Edge.NewHost(), Edge.NewHost());
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(bound, RedirectToHttps: false, Hsts: true), new RouteHost(free)]);
        await Edge.ServeAsync(route);
        await Edge.ActiveAsync(route.AppId);
        using var browser = await Edge.BrowserAsync();
        (await HstsAsync(Edge.Https(bound))).Should().Equal("max-age=31536000");
        (await HstsAsync(Edge.Https(free))).Should().BeEmpty();
        (await HstsAsync(Edge.Http(bound))).Should().BeEmpty("it means nothing over plain HTTP");

        async Task<IEnumerable<string>> HstsAsync(Uri url)
        {
            using var answer = await browser.GetAsync(url);
            return answer.Headers.TryGetValues("Strict-Transport-Security", out var values) ? values : [];
        }
    }

    [Fact]
    public async Task A_body_is_limited_by_the_apps_policy()
    {
        await using var app = await TenantApp.StartAsync("a");
        foreach (var (policy, expected) in new[] { (RoutePolicy.Standard, HttpStatusCode.RequestEntityTooLarge), (RoutePolicy.Uploads, HttpStatusCode.OK) })
        {
            var host = Edge.NewHost();
            var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)], policy);
            await Edge.ServeAsync(route);
            await Edge.ActiveAsync(route.AppId);
            using var browser = await Edge.BrowserAsync();
            browser.Timeout = TimeSpan.FromMinutes(5);
            using var request = new HttpRequestMessage(HttpMethod.Post, Edge.Https(host, "/length")) { Content = new ByteArrayContent(new byte[101 << 20]) };
            request.Headers.ExpectContinue = true;
            using var answer = await browser.SendAsync(request);
            answer.StatusCode.Should().Be(expected, policy.ToString());
        }
    }

    [Fact]
    public async Task An_event_stream_arrives_event_by_event()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await Edge.ServeNewAsync(app);
        using var browser = await Edge.BrowserAsync();
        using var answer = await browser.GetAsync(Edge.Https(host, "/events"), HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        (await reader.ReadLineAsync()).Should().Be("data: first"); // The app sends the second only after this.
        app.SecondEvent.SetResult();
        (await reader.ReadToEndAsync()).Should().Contain("data: second");
    }

    [Fact]
    public async Task A_websocket_passes_through()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await Edge.ServeNewAsync(app);
        using var browser = await Edge.BrowserAsync();
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(Edge.Https(host, "/socket")) { Scheme = "wss" }.Uri, browser, TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.UTF8.GetBytes("ping"), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        var buffer = new byte[16];
        var message = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        Encoding.UTF8.GetString(buffer, 0, message.Count).Should().Be("ping");
    }

    /// <summary>An app that takes it would speak HTTP/2 through a connection that the edge has stopped to look into.</summary>
    [Theory]
    [InlineData("h2c")]
    [InlineData("websocket, h2c")]
    [InlineData("WebSockets")]
    public async Task No_other_upgrade_reaches_an_app(string protocol)
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await Edge.ServeNewAsync(app);
        using var browser = await Edge.BrowserAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, Edge.Https(host, "/headers"));
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade, HTTP2-Settings");
        request.Headers.TryAddWithoutValidation("Upgrade", protocol);
        using var answer = await browser.SendAsync(request);
        var seen = (await answer.Content.ReadFromJsonAsync<Dictionary<string, string>>())!;
        seen.Keys.Should().Contain("x-request-id").And.NotContain("upgrade");
        seen.GetValueOrDefault("connection", "").Should().NotContainEquivalentOf("upgrade");
    }

    [Fact]
    public async Task An_app_that_is_replaced_behind_its_address_costs_no_request()
    {
        var app = await TenantApp.StartAsync("before");
        var (_, host) = await Edge.ServeNewAsync(app);
        using var browser = await Edge.BrowserAsync();
        (await browser.GetStringAsync(Edge.Https(host))).Should().Be("hello from before"); // Leaves an idle connection behind nginx.
        await app.DisposeAsync();
        await using var next = await TenantApp.StartAsync("after", app.Port);
        (await browser.GetStringAsync(Edge.Https(host))).Should().Be("hello from after");
        using var posted = await browser.PostAsync(Edge.Https(host), new StringContent("body"));
        (await posted.Content.ReadAsStringAsync()).Should().Be("after got body");
    }

    private static string Get(string host, string path = "/") => $"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";

    /// <summary>Bytes as they are, which no HTTP client would send.</summary>
    /// <param name="serverName">What is said in a TLS handshake before; null for plain HTTP.</param>
    private async Task<string> RawAsync(string request, string? serverName = null)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, serverName is null ? Edge.HttpPort : Edge.HttpsPort);
        Stream stream = client.GetStream();
        if (serverName is not null)
        {
            var tls = new SslStream(stream, false, (_, _, _, _) => true);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = serverName });
            stream = tls;
        }

        await using var _ = stream;
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
