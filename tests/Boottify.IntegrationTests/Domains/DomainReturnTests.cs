using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Apps;
using Boottify.Deployments;
using Boottify.Domains;
using Boottify.IntegrationTests.Builds;
using Boottify.IntegrationTests.Engine;
using Marten;

namespace Boottify.IntegrationTests.Domains;

/// <summary>Returns to releases, by real deployments, that put the app's custom domains back or leave them.</summary>
public sealed class DomainReturnTests(HastyPlatform hasty, BuildFixture builds) : DomainScenario(hasty), IClassFixture<BuildFixture>
{
    private string Late => $"late.{Zone.Name}";

    private string Two => $"two.{Zone.Name}";

    [Fact]
    public async Task Domains_go_back_to_those_of_the_release_where_that_is_asked_for_and_stay_otherwise()
    {
        await using var app = await ReturnedApp.CreateAsync(Platform, builds);
        var first = await ServedAsync(app.Test, Www);
        await AddedAsync(app.Test, Late);
        await app.DeployAsync();
        Changes(await app.ReleasesAsync(), 1).Should().Be("+ -");

        (await RemoveAsync(app.Test, Www)).Should().Be(HttpStatusCode.NoContent);
        (await RemoveAsync(app.Test, Late)).Should().Be(HttpStatusCode.NoContent);
        await Patience.UntilAsync(() => AddAsync(app.Test, Two), answer => answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK);
        await ServeAsync(app.Test, Two);
        await Patience.UntilAsync(() => EdgeHostsAsync(app.Test), hosts => hosts.Contains(Two));
        Changes(await app.ReleasesAsync(), 1).Should().Be($"+{Late},{Www} -{Two}");

        var without = await app.RollBackAsync(new { release = 1 });
        Status(without).Should().Be("succeeded", await app.LogAsync(without));
        (await app.DomainsAsync()).Should().Equal(Two);
        (await EdgeHostsAsync(app.Test)).Should().HaveCount(2).And.Contain(Two);

        var with = await app.RollBackAsync(new { release = 1, domains = true });
        Status(with).Should().Be("succeeded", await app.LogAsync(with));
        (await app.DomainsAsync()).Should().Equal(Late, Www);
        await Patience.UntilAsync(() => EdgeHostsAsync(app.Test), hosts => hosts.Count == 1);
        (await app.LogAsync(with)).Should().Contain($"The domain {Two} is removed").And.Contain($"The domain {Www} is added again").And.Contain($"/domains/{Late} tells");
        var (requested, returned) = await EventsAsync(with);
        requested.ReturnsDomains.Should().BeTrue();
        returned.Should().BeEquivalentTo(new { Release = 1, Added = new[] { Late, Www }, Removed = new[] { Two }, LeftOut = Array.Empty<DomainLeftOut>() });
        var releases = await app.ReleasesAsync();
        Changes(releases, 3).Should().Be("+ -", "the new release has them");
        Changes(releases, 2).Should().Be($"+{Two} -{Late},{Www}");
        releases[0].GetProperty("hosts").GetRawText().Should().NotContain(Two);

        // Claimed anew, so the proof of before counts for nothing.
        var again = await GetAsync(app.Test, Www);
        Status(again).Should().Be("pendingOwnership");
        Proof(again).Should().NotBe(Proof(first));
        await ServeAsync(app.Test, Www);
        await Patience.UntilAsync(() => EdgeHostsAsync(app.Test), hosts => hosts.Contains(Www));
    }

    [Fact]
    public async Task Names_that_others_have_by_now_are_left_out_and_told()
    {
        await using var app = await ReturnedApp.CreateAsync(Platform, builds);
        await AddedAsync(app.Test, Www);
        await AddedAsync(app.Test, Two);
        await app.DeployAsync();
        (await RemoveAsync(app.Test, Www)).Should().Be(HttpStatusCode.NoContent);
        (await RemoveAsync(app.Test, Two)).Should().Be(HttpStatusCode.NoContent);
        await ServedAsync(await AppAsync(), Www);
        await using var session = Platform.Store.QuerySession();
        var neighbour = await Platform.CreateAppAsync((await session.LoadAsync<App>(app.Id, Token))!.TeamId);
        await Patience.UntilAsync(() => AddAsync(neighbour, Two), answer => answer.StatusCode == HttpStatusCode.Created);

        var back = await app.RollBackAsync(new { domains = true, release = 1 });
        Status(back).Should().Be("succeeded", "a domain's trouble is its own");
        (await app.DomainsAsync()).Should().BeEmpty();
        (await app.LogAsync(back)).Should().Contain($"{Www} does not come back: This name is in use").And.Contain($"{Two} does not come back: Your team's app {neighbour.Id}");
        (await EventsAsync(back)).Returned!.LeftOut.Select(left => left.Host).Should().BeEquivalentTo(Www, Two);
    }

    [Fact]
    public async Task A_return_that_fails_changes_no_domain()
    {
        await using var app = await ReturnedApp.CreateAsync(Platform, builds);
        await app.DeployAsync();
        await AddedAsync(app.Test, Www);
        using (var set = await Api.PutAsJsonAsync($"/api/apps/{app.Id}/env/MODE", new { value = "crash" }, Token))
            set.IsSuccessStatusCode.Should().BeTrue();
        await using (var session = Platform.Store.LightweightSession())
        {
            // A release that does not start any more.
            var stream = await session.Events.FetchForWriting<App>(app.Id, Token);
            stream.AppendOne(new ReleaseRecorded(stream.Aggregate!.CurrentRelease! with { Number = 2, AppVersion = stream.Aggregate.Version, Domains = [Two] }));
            await session.SaveChangesAsync(Token);
        }

        Status(await app.RollBackAsync(new { release = 1 })).Should().Be("succeeded");
        var failed = await app.RollBackAsync(new { release = 2, domains = true });
        Status(failed).Should().Be("rolledBack", await app.LogAsync(failed));
        (await app.DomainsAsync()).Should().Equal(Www);
        (await EventsAsync(failed)).Returned.Should().BeNull();
        Changes(await app.ReleasesAsync(), 2).Should().Be($"+{Two} -{Www}");
    }

    [Fact]
    public async Task It_takes_the_role_that_changing_domains_takes_and_a_boolean()
    {
        var team = await Platform.CreateTeamAsync();
        var app = await Platform.CreateAppAsync(team);
        using var viewer = await Platform.CreateMemberAsync(team, "viewer");
        using var refused = await viewer.PostAsJsonAsync($"/api/apps/{app.Id}/rollback", new { domains = true }, Token);
        refused.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        using var developer = await Platform.CreateMemberAsync(team, "developer");
        foreach (var wrong in new object[] { "yes", 1, Array.Empty<string>() })
        {
            using var answer = await developer.PostAsJsonAsync($"/api/apps/{app.Id}/rollback", new { domains = wrong }, Token);
            answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
            answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
            (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString().Should().Contain("domains");
        }

        using var allowed = await developer.PostAsJsonAsync($"/api/apps/{app.Id}/rollback", new { domains = true }, Token);
        (await allowed.Content.ReadAsStringAsync(Token)).Should().Contain("no earlier release");
    }

    private async Task ServeAsync(TestApp app, string host)
    {
        await SetAsync(await GetAsync(app, host), "TXT");
        await Zone.SetAsync(host, "A", Cluster.RealPlatform.Setting("BOOTTIFY_EDGE_ADDRESS"));
        await VerifyUntilAsync(app, host, d => Status(d) is "issuing" or "active");
    }

    private async Task<(DeploymentRequested Requested, DomainsReturned? Returned)> EventsAsync(JsonElement deployment)
    {
        await using var session = Platform.Store.QuerySession();
        var events = (await session.Events.FetchStreamAsync(deployment.GetProperty("id").GetString()!, token: Token)).Select(e => e.Data).ToList();
        return (events.OfType<DeploymentRequested>().Single(), events.OfType<DomainsReturned>().SingleOrDefault());
    }

    private static string Changes(IReadOnlyList<JsonElement> releases, int number)
    {
        var changes = releases.Single(r => r.GetProperty("number").GetInt32() == number).GetProperty("domainChanges");
        return $"+{Hosts("added")} -{Hosts("removed")}";

        string Hosts(string name) => string.Join(',', changes.GetProperty(name).EnumerateArray().Select(host => host.GetString()));
    }
}
