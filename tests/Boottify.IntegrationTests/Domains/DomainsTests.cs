using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Apps;
using Boottify.Contracts.Edge;
using Boottify.Domains;
using Boottify.IntegrationTests.Cluster;
using Boottify.IntegrationTests.Engine;
using Boottify.IntegrationTests.Lifecycle;
using Boottify.Routes;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Domains;

public sealed class DomainsTests(HastyPlatform hasty) : DomainScenario(hasty)
{
    [Fact]
    public async Task A_domain_goes_from_proof_to_dns_to_the_edge_as_its_records_are_set()
    {
        var app = await AppAsync();
        using var added = await AddAsync(app, $"{Www.ToUpperInvariant()}.");
        added.StatusCode.Should().Be(HttpStatusCode.Created);
        var domain = await added.Content.ReadFromJsonAsync<JsonElement>(Token);
        added.Headers.Location!.ToString().Should().Be($"/api/apps/{app.Id}/domains/{Www}");
        domain.GetProperty("host").GetString().Should().Be(Www);
        domain.GetProperty("status").GetString().Should().Be("pendingOwnership");
        (await UntilAsync(app, Www, d => d.GetProperty("reason").ValueKind == JsonValueKind.String)).GetProperty("reason").GetString().Should().Contain($"_boottify.{Www}");

        await SetAsync(domain, "TXT");
        var pending = await UntilAsync(app, Www, d => Status(d) == "pendingDns");
        pending.GetProperty("reason").GetString().Should().Contain("no address").And.Contain("CNAME to an-app-");
        pending.GetProperty("nextAttempt").GetDateTimeOffset().Should().BeAfter(DateTimeOffset.UtcNow.AddMinutes(-1));

        await SetAsync(domain, "CNAME");
        var issuing = await VerifyUntilAsync(app, Www, d => Status(d) == "issuing");
        issuing.GetProperty("reason").GetString().Should().Contain("first deployment");
        await using var session = Platform.Store.QuerySession();
        (await session.LoadAsync<App>(app.Id, Token))!.Domains.Should().Equal(Www);

        using var twice = await AddAsync(app, Www);
        twice.StatusCode.Should().Be(HttpStatusCode.OK, "the same wish again");
        (await Api.GetFromJsonAsync<JsonElement>($"/api/apps/{app.Id}/domains", Token)).GetProperty("items").GetArrayLength().Should().Be(1);
    }

    [Fact]
    public async Task Another_team_s_value_proves_nothing_and_a_proven_name_is_refused_without_telling_whose_it_is()
    {
        var (owner, thief) = (await AppAsync(), await AppAsync());
        var owners = await AddedAsync(owner, Www);
        var thieves = await AddedAsync(thief, Www);
        Proof(thieves).Should().NotBe(Proof(owners));

        // The thief can add the name, and waits for ever: the owner's record is no proof for them.
        await SetAsync(owners, "TXT");
        await UntilAsync(owner, Www, d => Status(d) == "pendingDns");
        (await VerifyUntilAsync(thief, Www, d => Reason(d).Contains("not with this team's value"))).GetProperty("status").GetString().Should().Be("pendingOwnership");

        using var late = await AddAsync(await AppAsync(), Www);
        late.StatusCode.Should().Be(HttpStatusCode.Conflict);
        (await late.Content.ReadAsStringAsync(Token)).Should().Contain("in use").And.NotContain(owner.Id);
    }

    [Fact]
    public async Task Of_two_teams_that_prove_one_name_one_has_it_and_the_other_gets_it_once_it_is_let_go_and_proven_anew()
    {
        var teams = new[] { await AppAsync(), await AppAsync() };
        var claims = await Task.WhenAll(teams.Select(app => AddedAsync(app, Www)));
        await Zone.SetAsync($"_boottify.{Www}", "TXT", [.. claims.Select(Proof)]);
        await Task.WhenAll(teams.Select(app => VerifyUntilAsync(app, Www, d => Status(d) == "pendingDns" || Reason(d).Contains("Another team", StringComparison.Ordinal))));
        var standing = await Task.WhenAll(teams.Select(app => GetAsync(app, Www)));
        standing.Count(d => Status(d) == "pendingDns").Should().Be(1);

        var winner = Array.FindIndex(standing, d => Status(d) == "pendingDns");
        (await RemoveAsync(teams[winner], Www)).Should().Be(HttpStatusCode.NoContent);
        (await RemoveAsync(teams[winner], Www)).Should().Be(HttpStatusCode.NotFound);
        await VerifyUntilAsync(teams[1 - winner], Www, d => Status(d) == "pendingDns");
        (await RemoveAsync(teams[1 - winner], Www)).Should().Be(HttpStatusCode.NoContent);

        // Nobody has it now. Both old records are still in the zone, and neither counts.
        var again = await AddedAsync(teams[winner], Www);
        claims.Select(Proof).Should().NotContain(Proof(again));
        Status(await VerifyUntilAsync(teams[winner], Www, d => Reason(d).Contains("not with this team's value", StringComparison.Ordinal))).Should().Be("pendingOwnership");
    }

    [Fact]
    public async Task A_domain_whose_proof_is_gone_loses_its_route_and_gets_it_back_with_the_proof()
    {
        var app = await AppAsync();
        await RouteAsync(app);
        var domain = await ServedAsync(app, Www);
        await Patience.UntilAsync(() => EdgeHostsAsync(app), hosts => hosts.Contains(Www));

        await Zone.SetAsync($"_boottify.{Www}", "TXT");
        (await UntilAsync(app, Www, d => Status(d) == "pendingOwnership")).GetProperty("reason").GetString().Should().Contain("no TXT record");
        await Patience.UntilAsync(() => EdgeHostsAsync(app), hosts => !hosts.Contains(Www));
        await SetAsync(domain, "TXT");
        await VerifyUntilAsync(app, Www, d => Status(d) is "issuing" or "active");
        // "issuing" is said from the moment at which it is on its way to the edge.
        await Patience.UntilAsync(() => EdgeHostsAsync(app), hosts => hosts.Contains(Www));
    }

    [Fact]
    public async Task A_removed_domain_leaves_the_edge_and_an_app_s_deletion_ends_those_it_has()
    {
        var app = await AppAsync();
        await RouteAsync(app);
        await ServedAsync(app, Www);
        await ServedAsync(app, $"two.{Zone.Name}");
        (await UntilAsync(app, Www, d => Status(d) == "active")).GetProperty("certificateEnds").GetDateTimeOffset().Should().BeAfter(DateTimeOffset.UtcNow);
        (await RemoveAsync(app, Www)).Should().Be(HttpStatusCode.NoContent);
        (await EdgeHostsAsync(app)).Should().Contain($"two.{Zone.Name}").And.NotContain(Www);

        using var deleted = await Api.DeleteAsync(new Uri($"/api/apps/{app.Id}", UriKind.Relative), Token);
        deleted.StatusCode.Should().Be(HttpStatusCode.Accepted);
        await Patience.UntilAsync(async () => await Platform.Services.GetRequiredService<IEdge>().GetRouteAsync(app.Id, TimeSpan.Zero, Token), route => route is null);
        await Patience.UntilAsync(
            async () =>
            {
                await using var session = Platform.Store.QuerySession();
                return await session.LoadAsync<App>(app.Id, Token);
            },
            gone => gone!.DeletedAt is not null);
        await using var store = Platform.Store.QuerySession();
        var team = (await store.LoadAsync<App>(app.Id, Token))!.TeamId;
        (await store.LoadAsync<Domain>(Domain.IdOf(team, $"two.{Zone.Name}"), Token))!.RemovedAt.Should().NotBeNull();
        (await Platform.Services.GetRequiredService<DomainTable>().OfAppAsync(app.Id, Token)).Should().BeEmpty();
    }

    [Fact]
    public async Task While_the_edge_is_away_a_removed_name_is_nobody_s_and_once_it_is_back_whose_who_proves_it()
    {
        var (owner, next) = (await AppAsync(), await AppAsync());
        await RouteAsync(owner);
        await ServedAsync(owner, Www);
        Hasty.Door.Set(DoorState.Closed);
        try
        {
            (await GetAsync(owner, Www)).GetProperty("reason").GetString().Should().Contain("edge does not answer");
            (await RemoveAsync(owner, Www)).Should().Be(HttpStatusCode.NoContent, "the wish is durable");
            using var tooEarly = await AddAsync(next, Www);
            tooEarly.StatusCode.Should().Be(HttpStatusCode.Conflict, "the edge still serves it for its last owner");
        }
        finally
        {
            Hasty.Door.Set(DoorState.Open);
        }

        await Patience.UntilAsync(() => EdgeHostsAsync(owner), hosts => !hosts.Contains(Www));
        await Patience.UntilAsync(() => AddAsync(next, Www), answer => answer.StatusCode == HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_route_is_put_without_a_name_that_the_edge_has_for_another_app_and_gets_it_once_that_is_gone()
    {
        var (app, other) = (await AppAsync(), AppIds.New());
        await ServedAsync(app, Www);
        var edge = Platform.Services.GetRequiredService<IEdge>();
        await edge.PutRouteAsync(new AppRoute(other, 1, "127.0.0.1:9", [new RouteHost(Www)]), Token);
        try
        {
            var put = await Platform.Services.GetRequiredService<AppRoutes>().PutAsync(app.Id, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), "127.0.0.1:9", Token);
            put.Refused.Should().Equal(Www);
            (await EdgeHostsAsync(app)).Should().ContainSingle().Which.Should().EndWith(RealPlatform.Setting("BOOTTIFY_DOMAIN"));
        }
        finally
        {
            await edge.DeleteRouteAsync(other, 2, CancellationToken.None);
        }

        await Patience.UntilAsync(() => EdgeHostsAsync(app), hosts => hosts.Contains(Www));
    }

    [Fact]
    public async Task A_name_that_goes_while_the_route_is_put_is_taken_out_also_when_the_caller_has_gone()
    {
        var app = await AppAsync();
        await ServedAsync(app, Www);
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var edge = new InterruptedEdge(async () =>
        {
            (await RemoveAsync(app, Www)).Should().Be(HttpStatusCode.NoContent);
            await caller.CancelAsync();
        });
        await ActivatorUtilities.CreateInstance<AppRoutes>(Platform.Services, edge).PutAsync(app.Id, 1, "127.0.0.1:9", caller.Token);
        edge.Puts.Should().HaveCount(2);
        edge.Puts[0].Hosts.Should().Contain(h => h.Name == Www);
        edge.Puts[1].Hosts.Should().NotContain(h => h.Name == Www);
    }

    [Fact]
    public async Task A_host_that_was_proven_since_is_not_let_go_of_by_a_look_of_before()
    {
        var app = await AppAsync();
        var domain = await AddedAsync(app, Www);
        await using var session = Platform.Store.QuerySession();
        var current = (await session.LoadAsync<App>(app.Id, Token))!;
        var before = (await session.LoadAsync<Domain>(Domain.IdOf(current.TeamId, Www), Token))!;
        await SetAsync(domain, "TXT");
        await VerifyUntilAsync(app, Www, d => Status(d) == "pendingDns");
        await using var scope = Platform.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<DomainLook>().LetGoAsync(before, current, Token);
        (await Platform.Services.GetRequiredService<DomainTable>().FindAsync(before.Id, Token))!.Owns.Should().BeTrue();
    }

    [Fact]
    public async Task An_app_has_a_limited_number_of_domains_however_many_are_added_at_once()
    {
        var app = await AppAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => AddPatientlyAsync($"n{n}.{Zone.Name}")));
        answers.Count(a => a.IsSuccessStatusCode).Should().Be(2);
        answers.Where(a => !a.IsSuccessStatusCode).Should().OnlyContain(a => a.StatusCode == HttpStatusCode.UnprocessableEntity);
        (await answers.First(a => !a.IsSuccessStatusCode).Content.ReadAsStringAsync(Token)).Should().Contain("has 2 domains");

        // They wait for each other; who waits too long is told to try again.
        Task<HttpResponseMessage> AddPatientlyAsync(string name) =>
            Patience.UntilAsync(() => AddAsync(app, name), answer => answer.StatusCode != HttpStatusCode.ServiceUnavailable);
    }

    [Theory]
    [InlineData("*.example.com")]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("shop.example.com\nserver_name evil")]
    [InlineData("shop.example.com; return 200")]
    [InlineData("../../etc/passwd")]
    [InlineData("boottify.localhost")]
    public async Task A_name_that_cannot_be_one_is_refused_in_a_problem_document(string host)
    {
        using var answer = await AddAsync(await AppAsync(), host);
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString().Should().NotBeNullOrEmpty().And.NotContain("evil");
    }
}
