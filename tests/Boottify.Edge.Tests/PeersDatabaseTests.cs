using System.Net;
using System.Security.Cryptography;
using System.Text;
using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

/// <summary>What lies in the database that edges share, who gets at it, and how an edge does without it.</summary>
public sealed class PeersDatabaseTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    [Fact]
    public async Task Without_its_database_an_edge_starts_serves_and_orders_and_makes_up_for_it_later()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var door = new DatabaseDoor(open: false);
        await using var proxy = new FaultyProxy((_, _) => null);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, settings: database.Through(door), inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        var (first, firstHost) = await edge.ServeNewAsync(app);
        edge.Said.Should().Contain("This edge goes on by itself.").And.NotContain(database.Key).And.NotContain(OwnDatabase.Password);

        door.Open();
        await Patience.UntilAsync(async () => await HasAsync(database, firstHost), () => edge.Said);
        await using var other = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, beside: edge);
        await other.ServeAsync(first);
        await ActiveAsync(other, first.AppId);
        (await other.ServedSerialAsync(firstHost)).Should().Be(await edge.ServedSerialAsync(firstHost));
        proxy.Issues.Should().Be(1);

        await door.ShutAsync();
        var (second, secondHost) = await edge.ServeNewAsync(app);
        using var browser = await edge.BrowserAsync();
        (await browser.GetStringAsync(edge.Https(firstHost))).Should().Be("hello from a");
        proxy.Issues.Should().Be(2);
        (await HasAsync(database, secondHost)).Should().BeFalse();

        door.Open();
        await Patience.UntilAsync(async () => await HasAsync(database, secondHost), () => edge.Said);
        await other.ServeAsync(second);
        await ActiveAsync(other, second.AppId);
        (await other.ServedSerialAsync(secondHost)).Should().Be(await edge.ServedSerialAsync(secondHost));
        proxy.Issues.Should().Be(2);
    }

    [Fact]
    public async Task A_table_that_alone_is_refused_keeps_no_edge_from_ordering()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var edge = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
        foreach (var (table, column) in new[] { ("troubles", "clock"), ("uses", "put_at") })
        {
            await database.AskAsync<int>($"alter table boottify_edge.{table} rename column {column} to gone");
            var (_, host) = await edge.ServeNewAsync(app);
            edge.Said.Should().Contain("This edge goes on by itself.");
            (await database.SerialOfAsync(host)).Should().Be(await edge.ServedSerialAsync(host), "the other tables are used all the same");
            await database.AskAsync<int>($"alter table boottify_edge.{table} rename column gone to {column}");
        }
    }

    [Fact]
    public async Task Nothing_that_proves_or_signs_lies_in_the_database_in_clear()
    {
        await using var database = await OwnDatabase.CreateAsync();
        var gate = new ChallengeGate(holdsAll: true);
        await using var proxy = new FaultyProxy((_, _) => null) { Look = gate.HoldAsync };
        await using var edge = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings, inFront: proxy);
        await using var app = await TenantApp.StartAsync("a");
        var host = edge.NewHost();
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        await edge.ServeAsync(route);
        await gate.ReachedAsync();
        using var browser = await edge.BrowserAsync();
        var (token, answer, during) = ("", "", "");
        await Patience.UntilAsync(async () =>
        {
            token = await database.AskAsync<string>("select token from boottify_edge.challenges") ?? "none";
            using var answered = await browser.GetAsync(edge.Http(host, $"/.well-known/acme-challenge/{token}"));
            answer = await answered.Content.ReadAsStringAsync();
            during = await database.EverythingAsync();
            return answered.IsSuccessStatusCode && during.Contains(token, StringComparison.Ordinal);
        }, () => edge.Said);
        answer.Should().StartWith(token + ".");
        during.Should().Contain(token, "the token itself is public").And.NotContain(answer[(token.Length + 1)..]);

        gate.Open();
        await ActiveAsync(edge, route.AppId);
        var everything = during + await database.EverythingAsync();
        everything.Should().Contain(await edge.ServedSerialAsync(host)).And.NotContain("PRIVATE KEY").And.NotContain("BEGIN CERTIFICATE");
        using var key = ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(edge.CertificateFile(host)));
        everything.Should().NotContain(Encoding.Latin1.GetString(key.ExportParameters(true).D!)).And.NotContain(Convert.ToBase64String(key.ExportPkcs8PrivateKey())[..64]);
    }

    [Fact]
    public async Task An_edge_with_another_key_says_so_and_serves_by_itself()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var edge = await RunningEdge.StartAsync(zone.Zone, settings: database.Settings);
        await using var app = await TenantApp.StartAsync("a");
        var (route, host) = await edge.ServeNewAsync(app);
        var wrong = new Dictionary<string, string>(database.Settings) { ["BOOTTIFY_EDGE_KEY"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) };
        await using var stranger = await RunningEdge.StartAsync(zone.Zone, settings: wrong);
        await stranger.ServeAsync(route);
        await ActiveAsync(stranger, route.AppId);

        stranger.Said.Should().Contain("BOOTTIFY_EDGE_KEY is not the key that the other edges on this database have").And.NotContain(wrong["BOOTTIFY_EDGE_KEY"]);
        (await stranger.ServedSerialAsync(host)).Should().NotBe(await edge.ServedSerialAsync(host));
        (await database.SerialOfAsync(host)).Should().Be(await edge.ServedSerialAsync(host), "what the others have is left alone");
    }

    [Fact]
    public async Task What_a_stranger_asks_for_at_the_challenge_location_reaches_no_question_to_the_database()
    {
        await using var database = await OwnDatabase.CreateAsync();
        await using var door = new DatabaseDoor(open: true);
        await using var edge = await RunningEdge.StartAsync(zone.Zone, settings: database.Through(door));
        using var browser = await edge.BrowserAsync();
        string[] paths = ["Zz9stranger';drop%20table%20boottify_edge.challenges;--", "Zz9stranger%00", "..%2f..%2fZz9stranger", "Zz9stranger/..", new string('Z', 200), "Zz9stranger"];
        foreach (var path in paths)
            foreach (var host in (string[])["x'or'1'='1.test", "zz9stranger.test", $"zz9stranger.{zone.Zone.Name}"])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{edge.HttpPort}/.well-known/acme-challenge/{path}"));
                request.Headers.TryAddWithoutValidation("Host", host).Should().BeTrue();
                using var answer = await browser.SendAsync(request);
                ((int)answer.StatusCode).Should().BeInRange(400, 499, "{0} {1}", host, path);
            }

        using var plain = await browser.GetAsync(edge.Http($"zz9stranger.{zone.Zone.Name}", "/.well-known/acme-challenge/Zz9stranger"));
        plain.StatusCode.Should().Be(HttpStatusCode.NotFound);
        door.Sent.Should().Contain("select host, token, sealed from boottify_edge.challenges", "it was looked for").And.NotContainEquivalentOf("zz9stranger");

        await Task.WhenAll(Enumerable.Range(0, 300).Select(async i =>
        {
            using var answer = await browser.GetAsync(edge.Http($"zz9stranger.{zone.Zone.Name}", $"/.well-known/acme-challenge/Zz9stranger{i}"));
            answer.StatusCode.Should().Be(HttpStatusCode.NotFound);
        }));
        (await database.AskAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and application_name = 'boottify-edge'")).Should().BeLessThan(8);
        await using var app = await TenantApp.StartAsync("a");
        await edge.ServeNewAsync(app);
    }

    private static async Task<bool> HasAsync(OwnDatabase database, string host) =>
        await database.AskAsync<long>("select count(*) from pg_tables where schemaname = 'boottify_edge' and tablename = 'certificates'") == 1 && await database.SerialOfAsync(host) is not null;

    private static Task ActiveAsync(RunningEdge edge, string appId) =>
        Patience.UntilAsync(async () => (await edge.StatusAsync(appId)).Hosts.All(host => host.Certificate == CertificateState.Active), () => edge.Said);
}
