using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Edge.Certificates;
using Boottify.Edge.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Boottify.Edge.Tests;

/// <summary>A certificate is renewed, looked after and revoked as one of the authority that issued it: two real ones, which know nothing of each other.</summary>
public sealed class MovedRenewalTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("boottify-second-").FullName;
    private readonly ConcurrentQueue<(string Authority, bool Replaces)> _orders = new();
    private readonly ConcurrentQueue<string> _askedForWindows = new();
    private bool _firstIsBusy;

    [Fact]
    public async Task A_renewal_that_moves_to_another_authority_is_a_new_order_there_and_the_certificate_is_that_one_s_from_then_on()
    {
        await using var first = Proxy("first");
        await using var second = Proxy("second");
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: first);
        await using var other = new Pebble(_folder, edge.HttpPort);
        await other.StartAsync();
        await second.StartAsync(other);
        var settings = Settings(first, second);
        await edge.StopProcessAsync();
        await edge.StartProcessAsync(settings);
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await edge.ServeNewAsync(app);
        var serial = await edge.ServedSerialAsync(host);

        _firstIsBusy = true;
        await RevokeAsync(edge, host);
        (first.CountOf("/revoke-cert"), second.CountOf("/revoke-cert")).Should().Be((1, 0));
        var moved = await OtherThanAsync(edge, host, serial);
        (await edge.Pebble.StatusOfAsync(serial)).Should().Be("Revoked");
        (await other.StatusOfAsync(moved)).Should().Be("Valid");
        _orders.Should().Equal(("first", false), ("first", true), ("second", false));
        (await OrdersAsync(edge)).Should().Equal([1, 1], "what is a renewal to nobody is free of no limit");

        await edge.KillProcessAsync();
        _askedForWindows.Clear();
        await edge.StartProcessAsync(settings);
        await Patience.UntilAsync(() => Task.FromResult(_askedForWindows.Contains("second")), () => edge.Said);
        _askedForWindows.Should().NotContain("first", "it does not know the certificate");
        _firstIsBusy = false;
        await RevokeAsync(edge, host);
        (first.CountOf("/revoke-cert"), second.CountOf("/revoke-cert")).Should().Be((1, 1));
        (await other.StatusOfAsync(moved)).Should().Be("Revoked");
        var back = await OtherThanAsync(edge, host, moved);
        (await edge.Pebble.StatusOfAsync(back)).Should().Be("Valid");
        _orders.Skip(3).Should().Equal(("first", false));
        (await OrdersAsync(edge)).Should().Equal(2, 1);
    }

    [Fact]
    public async Task A_certificate_of_before_counts_as_the_first_authority_s()
    {
        await using var first = Proxy("first");
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: first);
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await edge.ServeNewAsync(app);
        var serial = await edge.ServedSerialAsync(host);
        await edge.StopProcessAsync();
        var lines = await File.ReadAllLinesAsync(edge.CertificateFile(host));
        lines[0].Should().Be($"Authority: {first.Directory}");
        await File.WriteAllLinesAsync(edge.CertificateFile(host), lines[1..]);
        await edge.StartProcessAsync(Settings(first, null));
        await RevokeAsync(edge, host);
        await OtherThanAsync(edge, host, serial);
        _orders.Take(2).Should().Equal(("first", false), ("first", true));
    }

    [Fact]
    public async Task A_certificate_of_an_authority_that_is_gone_is_revoked_nowhere_and_the_answer_says_what_to_do()
    {
        await using var first = Proxy("first");
        await using var edge = await RunningEdge.StartAsync(zone.Zone, inFront: first);
        await using var app = await TenantApp.StartAsync("a");
        var (_, host) = await edge.ServeNewAsync(app);
        await edge.StopProcessAsync();
        await edge.StartProcessAsync(new() { ["BOOTTIFY_ACME_DIRECTORY"] = $"{edge.Pebble.Directory}" }); // The same Pebble, but by another name, so that nobody can know that it is the same.
        using var refused = await edge.Admin.PostAsync($"v1/certificates/{host}/revoke", null);
        refused.StatusCode.Should().Be(HttpStatusCode.Conflict);
        (await refused.Content.ReadAsStringAsync()).Should().Contain(first.Directory.AbsoluteUri).And.Contain("BOOTTIFY_ACME_SECOND_DIRECTORY");
        (await edge.Pebble.StatusOfAsync(await edge.ServedSerialAsync(host))).Should().Be("Valid");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private FaultyProxy Proxy(string name) => new((path, _) => name == "first" && _firstIsBusy && path.EndsWith("/order-plz", StringComparison.Ordinal)
        ? FaultyProxy.Answer(HttpStatusCode.TooManyRequests, """{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many"}""", "application/problem+json", "3600") : null)
    {
        Look = context => LookAsync(name, context),
    };

    private async Task LookAsync(string authority, HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path.Contains("renewalInfo", StringComparison.OrdinalIgnoreCase)) _askedForWindows.Enqueue(authority);
        if (!path.EndsWith("/order-plz", StringComparison.Ordinal)) return;
        var request = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(request.GetProperty("payload").GetString()!)).RootElement;
        _orders.Enqueue((authority, payload.TryGetProperty("replaces", out _)));
    }

    private static Dictionary<string, string> Settings(FaultyProxy first, FaultyProxy? second)
    {
        var settings = new Dictionary<string, string> { ["BOOTTIFY_ACME_DIRECTORY"] = first.Directory.AbsoluteUri, ["BOOTTIFY_ACME_LIMITS"] = "orders=300" };
        if (second is not null) (settings["BOOTTIFY_ACME_SECOND_DIRECTORY"], settings["BOOTTIFY_ACME_SECOND_CA"]) = (second.Directory.AbsoluteUri, second.Ca);
        return settings;
    }

    private static async Task RevokeAsync(RunningEdge edge, string host)
    {
        using var answer = await edge.Admin.PostAsync($"v1/certificates/{host}/revoke?reason=1", null);
        answer.StatusCode.Should().Be(HttpStatusCode.NoContent, await answer.Content.ReadAsStringAsync());
    }

    /// <returns>Serial of what is served once it is another one.</returns>
    private static async Task<string> OtherThanAsync(RunningEdge edge, string host, string serial)
    {
        await Patience.UntilAsync(async () => await edge.ServedSerialAsync(host) != serial, () => edge.Said);
        return await edge.ServedSerialAsync(host);
    }

    /// <summary>How many orders each authority's budget counts.</summary>
    private static async Task<IEnumerable<int>> OrdersAsync(RunningEdge edge) =>
        (await edge.Admin.GetFromJsonAsync<CertificateReport>("v1/certificates"))!.Authorities.Select(authority => authority.Orders);
}
