using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Contracts.Edge;
using Boottify.Edge.Certificates;
using Boottify.Edge.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Boottify.Edge.Tests;

/// <summary>Names that are tried again before their time, or wanted again before what was under way for them has ended.</summary>
public sealed class RetryTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    [Fact]
    public async Task A_name_that_failed_is_tried_now_when_somebody_asks_for_it()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("a");
        var host = $"hurried.nowhere.{zone.Zone.Name}";
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        await edge.ServeAsync(route);
        (await edge.StatusAsync(route.AppId, 60)).Hosts.Single().Certificate.Should().Be(CertificateState.Failed, edge.Said);

        // Whoever asks again and again does not eat what the authority allows.
        (await RetryAsync(edge, host)).Status.Should().Be(HttpStatusCode.NoContent);
        await Patience.UntilAsync(async () => (await edge.StatusAsync(route.AppId)).Hosts.Single().Certificate == CertificateState.Failed, () => edge.Said);
        (await RetryAsync(edge, host)).Should().Match<(HttpStatusCode Status, string Said)>(again => again.Status == HttpStatusCode.Conflict && again.Said.Contains("a moment ago"));

        // As after many failures: its own time would be tomorrow.
        await edge.StopProcessAsync();
        var file = Path.Combine(edge.Data, "certificate-states", $"{host}.json");
        var trouble = JsonSerializer.Deserialize<Trouble>(await File.ReadAllTextAsync(file), JsonSerializerOptions.Web)!;
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(trouble with { NextAttempt = DateTimeOffset.UtcNow.AddDays(1) }, JsonSerializerOptions.Web));
        await zone.Zone.PutAddressAsync(host);
        await edge.StartProcessAsync();
        (await edge.StatusAsync(route.AppId)).Hosts.Single().NextAttempt.Should().BeAfter(DateTimeOffset.UtcNow.AddHours(23));

        (await RetryAsync(edge, host)).Status.Should().Be(HttpStatusCode.NoContent);
        await edge.ActiveAsync(route.AppId);
        (await RetryAsync(edge, host)).Should().Match<(HttpStatusCode Status, string Said)>(again => again.Status == HttpStatusCode.Conflict && again.Said.Contains("Active"));
        (await RetryAsync(edge, $"nobody.{zone.Zone.Name}")).Status.Should().Be(HttpStatusCode.NotFound);
        (await RetryAsync(edge, "no_name")).Status.Should().Be(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_an_authority_allows_is_not_overdrawn_whoever_asks(bool byOurOwnCount)
    {
        await using var proxy = new FaultyProxy((path, count) => !byOurOwnCount && path.EndsWith("/order-plz", StringComparison.Ordinal) && count == 2
            ? FaultyProxy.Answer(HttpStatusCode.ServiceUnavailable, "busy", "text/plain", "3600") : null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, settings: new() { ["BOOTTIFY_ACME_LIMITS"] = byOurOwnCount ? "orders=1" : "off" }, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost())]);
        await edge.ServeAsync(route);
        var failed = (await edge.StatusAsync(route.AppId, 60)).Hosts.Single();
        failed.Certificate.Should().Be(CertificateState.Failed, edge.Said);

        var refused = await RetryAsync(edge, failed.Host);
        refused.Status.Should().Be(HttpStatusCode.Conflict);
        refused.Said.Should().Contain("limits do not allow another attempt yet");
        (await edge.StatusAsync(route.AppId)).Hosts.Single().NextAttempt.Should().Be(failed.NextAttempt);
        proxy.CountOf("/order-plz").Should().Be(byOurOwnCount ? 1 : 2);
    }

    [Fact]
    public async Task A_name_that_is_withdrawn_and_wanted_again_while_its_order_is_under_way_is_served_and_that_order_given_up()
    {
        var (gate, givenUp, wantedAgain) = (new ChallengeGate(), new ConcurrentQueue<string>(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var proxy = new FaultyProxy((_, _) => null)
        {
            Look = async context =>
            {
                await gate.HoldAsync(context);
                if (!(await PayloadAsync(context)).Contains("\"deactivated\"", StringComparison.Ordinal)) return;
                givenUp.Enqueue(context.Request.Path);
                await wantedAgain.Task.WaitAsync(context.RequestAborted);
            },
        };
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        var (appId, host) = (RunningEdge.NewAppId(), edge.NewHost());
        await edge.ServeAsync(new AppRoute(appId, 1, app.Upstream, [new RouteHost(host)]));
        await gate.ReachedAsync();

        var withdrawing = edge.Admin.DeleteAsync($"v1/routes/{appId}?version=2");
        await Patience.UntilAsync(() => Task.FromResult(!givenUp.IsEmpty), () => edge.Said);
        var serving = edge.ServeAsync(new AppRoute(appId, 3, app.Upstream, [new RouteHost(host)]));
        await Patience.UntilAsync(async () => await VersionAsync(edge, appId) == 3, () => edge.Said);
        wantedAgain.SetResult();
        (await withdrawing).Dispose();
        await serving;
        await edge.ActiveAsync(appId);

        givenUp.Should().ContainSingle();
        proxy.CountOf("/order-plz").Should().Be(2);
        File.Exists(edge.CertificateFile(host)).Should().BeTrue();
        (await edge.Pebble.StatusOfAsync(await edge.ServedSerialAsync(host))).Should().Be("Valid");
        Directory.EnumerateFiles(Path.Combine(edge.Data, "certificate-states")).Should().BeEmpty();
        Directory.EnumerateFiles(Path.Combine(edge.Data, "acme"), $"{host}.json", SearchOption.AllDirectories).Should().BeEmpty("no order is under way any more");
    }

    private static async Task<(HttpStatusCode Status, string Said)> RetryAsync(RunningEdge edge, string host)
    {
        using var answer = await edge.Admin.PostAsync($"v1/certificates/{host}/retry", null);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <returns>Null while it is withdrawn.</returns>
    private static async Task<long?> VersionAsync(RunningEdge edge, string appId)
    {
        using var answer = await edge.Admin.GetAsync($"v1/routes/{appId}");
        return answer.IsSuccessStatusCode ? (await answer.Content.ReadFromJsonAsync<RouteStatus>())!.Version : null;
    }

    /// <summary>What a signed request says.</summary>
    private static async Task<string> PayloadAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method)) return "";
        var request = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        return System.Text.Encoding.UTF8.GetString(Base64Url.DecodeFromChars(request.GetProperty("payload").GetString()!));
    }
}
