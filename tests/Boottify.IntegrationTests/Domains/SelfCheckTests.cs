using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Contracts.Edge;
using Boottify.Domains;
using Boottify.IntegrationTests.Engine;
using Boottify.IntegrationTests.Lifecycle;
using Microsoft.Extensions.DependencyInjection;
using RealPlatform = Boottify.IntegrationTests.Cluster.RealPlatform;

namespace Boottify.IntegrationTests.Domains;

/// <summary>A domain is asked on port 80 before it is given a route; what answers there is the test's own until it is the real edge.</summary>
public sealed class SelfCheckTests : IAsyncLifetime
{
    private const string NotOurs = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    private const string Echo = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{path}";
    private const string ToHttps = "HTTP/1.1 301 Moved Permanently\r\nLocation: https://somewhere.example/all\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    private readonly PortEighty port = new();
    private readonly Doorway door;
    private readonly ControlPlane platform;
    private OwnZone zone = null!;

    public SelfCheckTests()
    {
        var edge = new UriBuilder(RealPlatform.Setting("BOOTTIFY_EDGE_URL"));
        door = new Doorway(edge.Host, edge.Port);
        edge.Port = door.Port;
        platform = new ControlPlane
        {
            Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["BOOTTIFY_EDGE_URL"] = edge.ToString(), ["BOOTTIFY_SELF_CHECK_PORT"] = $"{port.Port}" },
        };
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static IPAddress EdgeAddress => IPAddress.Parse(RealPlatform.Setting("BOOTTIFY_EDGE_ADDRESS"));

    private static IPEndPoint EdgeHttp => new(EdgeAddress, int.Parse(RealPlatform.Setting("BOOTTIFY_HTTP_PORT")));

    private string Www => $"www.{zone.Name}";

    public async ValueTask InitializeAsync()
    {
        await platform.InitializeAsync();
        zone = await OwnZone.CreateAsync(RealPlatform.Setting);
    }

    public async ValueTask DisposeAsync()
    {
        await zone.DisposeAsync();
        await platform.DisposeAsync();
        await port.DisposeAsync();
        await door.DisposeAsync();
    }

    [Fact]
    public async Task A_domain_waits_with_what_answers_instead_of_the_edge_and_goes_on_once_the_edge_does()
    {
        var app = await platform.CreateAppAsync(await platform.CreateTeamAsync());
        var added = await ControlPlane.PostAsync(platform.Administrator, $"/api/apps/{app.Id}/domains", new { host = Www });
        await zone.SetAsync($"_boottify.{Www}", "TXT", added.GetProperty("records")[0].GetProperty("value").GetString()!);
        await zone.SetAsync(Www, "A", $"{EdgeAddress}");

        var waiting = await UntilAsync(app, "connection refused");
        waiting.GetProperty("status").GetString().Should().Be("pendingDns");
        waiting.GetProperty("reason").GetString().Should().Contain($"http://{Www} at {EdgeAddress}:{port.Port}");
        waiting.GetProperty("nextAttempt").GetDateTimeOffset().Should().BeAfter(DateTimeOffset.UtcNow.AddMinutes(-1));

        port.Answer(NotOurs);
        await UntilAsync(app, "another server answered with status 200");
        port.Answer(Echo);
        var before = port.Asked;
        await VerifyUntilAsync(app, _ => port.Asked > before + 1);
        (await GetAsync(app)).GetProperty("status").GetString().Should().Be("pendingDns", "whoever echoes is not the edge");
        port.Answer(ToHttps);
        await UntilAsync(app, "a redirect to https://somewhere.example/all: a global HTTP to HTTPS redirect in front of us would break the certificate");

        door.Set(DoorState.Closed);
        await UntilAsync(app, "edge does not answer the control plane");
        door.Set(DoorState.Open);
        await UntilAsync(app, "a redirect to");

        port.Behind = EdgeHttp;
        var passed = await VerifyUntilAsync(app, domain => domain.GetProperty("status").GetString() == "issuing");
        passed.GetProperty("reason").GetString().Should().Contain("first deployment");
    }

    [Fact]
    public async Task Each_address_is_asked_for_itself_and_a_silent_one_is_told_from_one_that_ends_the_connection()
    {
        HostName.TryParse(Www, out var host, out _).Should().BeTrue();
        var check = platform.Services.GetRequiredService<SelfCheck>();
        port.Answer("");
        (await check.AskAsync(host, EdgeAddress, Token)).Answer.Should().Be(SelfCheckAnswer.Silent);
        port.Answer("no HTTP at all\r\n\r\n");
        await AnswersAsync(SelfCheckAnswer.Broken);
        port.Behind = EdgeHttp;
        (await AnswersAsync(SelfCheckAnswer.Ours)).Target.Port.Should().Be(port.Port);
        (await check.AskAsync(host, IPAddress.Parse("127.0.0.77"), Token)).Answer.Should().Be(SelfCheckAnswer.Refused, "what another address answers is no answer of this one");

        // Silent is only what is slow, on a busy machine.
        async Task<SelfCheckSight> AnswersAsync(SelfCheckAnswer answer)
        {
            var sight = await Patience.UntilAsync(() => check.AskAsync(host, EdgeAddress, Token), seen => seen.Answer != SelfCheckAnswer.Silent);
            sight.Answer.Should().Be(answer);
            return sight;
        }
    }

    private Task<JsonElement> UntilAsync(TestApp app, string reason) => VerifyUntilAsync(app, domain => (domain.GetProperty("reason").GetString() ?? "").Contains(reason, StringComparison.Ordinal));

    private async Task<JsonElement> GetAsync(TestApp app) => await platform.Administrator.GetFromJsonAsync<JsonElement>($"/api/apps/{app.Id}/domains/{Www}", Token);

    private Task<JsonElement> VerifyUntilAsync(TestApp app, Func<JsonElement, bool> isThere) => platform.Administrator.VerifyUntilAsync(app, Www, isThere);
}
