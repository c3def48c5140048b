using System.Net;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

public sealed class AddressesTests : IAsyncLifetime
{
    private readonly Zone zone = new();

    public ValueTask InitializeAsync() => zone.InitializeAsync();

    public ValueTask DisposeAsync() => zone.DisposeAsync();

    [Fact]
    public async Task Visitors_are_served_at_addresses_of_both_kinds()
    {
        await using var app = await TenantApp.StartAsync("both");
        // The first is where the edge itself looks for a certificate that it has put in place.
        await using var edge = await RunningEdge.StartAsync(zone, settings: new() { ["BOOTTIFY_NGINX_ADDRESS"] = "::1, 127.0.0.1" });
        var (_, host) = await edge.ServeNewAsync(app);
        foreach (var address in new[] { IPAddress.IPv6Loopback, IPAddress.Loopback })
        {
            using var browser = await edge.BrowserAsync(at: address);
            (await browser.GetStringAsync(edge.Https(host))).Should().Be("hello from both");
            using var plain = await browser.GetAsync(edge.Http(host));
            plain.StatusCode.Should().Be(HttpStatusCode.PermanentRedirect);
        }
    }
}
