using System.Net;
using Boottify.Contracts.Edge;
using Boottify.Dns;
using Boottify.IntegrationTests.Cluster;
using Boottify.IntegrationTests.Dns;
using Boottify.IntegrationTests.Domains;
using Boottify.IntegrationTests.Engine;
using Boottify.Platform;
using Boottify.Routes;
using Microsoft.Extensions.DependencyInjection;
using static Boottify.Testing.Patience;

namespace Boottify.IntegrationTests.Routes;

/// <summary>Two real edges at two addresses and the same ports, as on two machines: an app is asked at both.</summary>
public sealed class SeveralAddressesTests : IAsyncLifetime
{
    private const string Other = "127.0.0.2";
    private const string Hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

    private readonly SecondEdge second = new(Other);
    private readonly PortEighty upstream = new();
    private readonly ControlPlane platform;
    private string host = "";

    public SeveralAddressesTests() => platform = new ControlPlane
    {
        Settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["BOOTTIFY_EDGE_URL"] = $"{RealPlatform.Setting("BOOTTIFY_EDGE_URL")}, {second.Url}",
            ["BOOTTIFY_EDGE_ADDRESS"] = $"{RealPlatform.Setting("BOOTTIFY_EDGE_ADDRESS")}, {Other}",
        },
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IEdge Edges => platform.Services.GetRequiredService<IEdge>();

    private IDnsZone Zone => platform.Services.GetRequiredService<IDnsZone>();

    public async ValueTask InitializeAsync()
    {
        await second.StartAsync(Token);
        await platform.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (host.Length > 0)
            await Zone.WithdrawAsync(host, CancellationToken.None);
        await platform.DisposeAsync();
        await second.DisposeAsync();
        await upstream.DisposeAsync();
    }

    [Fact]
    public async Task A_deployment_is_seen_through_every_address_that_answers_and_one_that_is_away_holds_nothing_up()
    {
        var app = await platform.CreateAppAsync(await platform.CreateTeamAsync());
        var version = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        upstream.Answer(Hello);
        var routes = platform.Services.GetRequiredService<AppRoutes>();
        var put = await routes.PutAsync(app.Id, version, $"{RealPlatform.Setting("BOOTTIFY_EDGE_ADDRESS")}:{upstream.Port}", Token);
        host = put.Hosts[0];
        try
        {
            // The first has the zone's wildcard; the second orders by itself, and the authority asks where the name leads.
            await Zone.PublishAsync(host, Other, Token);
            await UntilAsync(() => Edges.GetRouteAsync(app.Id, TimeSpan.Zero, Token), route => route!.Hosts.All(h => h.Certificate == CertificateState.Active));
            await Zone.PublishAsync(host, platform.Services.GetRequiredService<PlatformSettings>().EdgeAddresses, Token);
            (await Zone.ListAsync(Token)).Single(record => record.Host == host).Addresses.Should().HaveCount(2);
            // Each address is asked, and each leads to the app. On a busy machine one may once be too slow for a probe.
            await UntilAsync(async () =>
            {
                var before = upstream.Asked;
                return await RefusalAsync() is null && upstream.Asked - before >= 2;
            });

            // An edge that answers, and does not have what the other one has.
            using (var client = second.Client())
                (await client.DeleteAsync(new Uri($"v1/routes/{app.Id}?version={version + 1}", UriKind.Relative), Token)).IsSuccessStatusCode.Should().BeTrue();
            (await UntilAsync(RefusalAsync, refusal => refusal is not null)).Should().Contain($"not at every edge: {Other}: ");

            // One that cannot be told, though its nginx serves what it has, is left out as it is of a put; so is one where nobody is.
            await second.KillAsync();
            await Probe.UntilAnsweredAsync(host);
            await second.StopNginxAsync();
            await Probe.UntilAnsweredAsync(host);
        }
        finally
        {
            await using var services = RealPlatform.Services();
            await services.GetRequiredService<IEdge>().DeleteRouteAsync(app.Id, DateTimeOffset.UtcNow.AddMinutes(1).ToUnixTimeMilliseconds(), CancellationToken.None);
        }
    }

    private EdgeProbe Probe => platform.Services.GetRequiredService<EdgeProbe>();

    private Task<string?> RefusalAsync() => Probe.RefusalAsync(host);
}
