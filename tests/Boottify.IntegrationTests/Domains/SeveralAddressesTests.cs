using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.IntegrationTests.Engine;
using Boottify.IntegrationTests.Lifecycle;
using RealPlatform = Boottify.IntegrationTests.Cluster.RealPlatform;

namespace Boottify.IntegrationTests.Domains;

/// <summary>A domain may lead to some of the edges' addresses, and to nowhere else; at each of those it is asked.</summary>
public sealed class SeveralAddressesTests : IAsyncLifetime
{
    private const string Third = "127.0.0.3";
    private const string Elsewhere = "127.0.0.9";

    private readonly PortEighty third;
    private readonly PortEighty sixth;
    private readonly ControlPlane platform;
    private OwnZone zone = null!;

    public SeveralAddressesTests()
    {
        third = new PortEighty(IPAddress.Parse(Third)) { Behind = EdgeHttp };
        sixth = new PortEighty(IPAddress.IPv6Loopback, third.Port) { Behind = EdgeHttp };
        platform = new ControlPlane
        {
            Settings = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                // At the first, nothing listens on this port.
                ["BOOTTIFY_EDGE_ADDRESS"] = $"127.0.0.4, {Third}, ::1",
                ["BOOTTIFY_SELF_CHECK_PORT"] = $"{third.Port}",
            },
        };
    }

    private static IPEndPoint EdgeHttp => new(IPAddress.Parse(RealPlatform.Setting("BOOTTIFY_EDGE_ADDRESS")), int.Parse(RealPlatform.Setting("BOOTTIFY_HTTP_PORT")));

    public async ValueTask InitializeAsync()
    {
        await platform.InitializeAsync();
        zone = await OwnZone.CreateAsync(RealPlatform.Setting);
    }

    public async ValueTask DisposeAsync()
    {
        await zone.DisposeAsync();
        await platform.DisposeAsync();
        await third.DisposeAsync();
        await sixth.DisposeAsync();
    }

    [Fact]
    public async Task A_domain_at_two_of_three_addresses_is_asked_at_both_and_at_no_other_and_a_stranger_s_is_named()
    {
        var app = await platform.CreateAppAsync(await platform.CreateTeamAsync());
        var added = await ControlPlane.PostAsync(platform.Administrator, $"/api/apps/{app.Id}/domains", new { host = zone.Name });
        var records = added.GetProperty("records").EnumerateArray().Select(r => $"{r.GetProperty("type").GetString()} {r.GetProperty("name").GetString()} {r.GetProperty("value").GetString()}").ToList();
        records.Skip(1).Should().Equal($"A {zone.Name} 127.0.0.4", $"A {zone.Name} {Third}", $"AAAA {zone.Name} ::1");
        await zone.SetAsync($"_boottify.{zone.Name}", "TXT", added.GetProperty("records")[0].GetProperty("value").GetString()!);

        await zone.SetAsync(zone.Name, "A", Third, Elsewhere);
        await UntilAsync(app, domain => Reason(domain).Contains($"also to {Elsewhere}: ") && Reason(domain).Contains($"Remove the A record of {Elsewhere}"));

        await zone.SetAsync(zone.Name, "A", Third);
        await zone.SetAsync(zone.Name, "AAAA", "2001:db8::9");
        await UntilAsync(app, domain => Reason(domain).Contains("Remove the AAAA record of 2001:db8::9"));

        await zone.SetAsync(zone.Name, "AAAA", "::1");
        await UntilAsync(app, domain => Reason(domain).Contains($"{Third}:{third.Port}: connection refused"));
        third.Answer("");
        await UntilAsync(app, domain => Reason(domain).Contains($"[::1]:{third.Port}: connection refused"));
        sixth.Answer("");
        var passed = await UntilAsync(app, domain => domain.GetProperty("status").GetString() == "issuing");
        Reason(passed).Should().Contain("first deployment");
    }

    private static string Reason(JsonElement domain) => domain.GetProperty("reason").GetString() ?? "";

    private Task<JsonElement> UntilAsync(TestApp app, Func<JsonElement, bool> isThere) => platform.Administrator.VerifyUntilAsync(app, zone.Name, isThere);
}
