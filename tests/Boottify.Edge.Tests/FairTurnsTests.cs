using System.Text.Json;
using Boottify.Contracts.Edge;
using Boottify.Edge.Certificates;
using Boottify.Edge.Files;
using Boottify.Edge.Routes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Boottify.Edge.Tests;

public sealed class FairTurnsTests : IDisposable
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    private readonly EdgeSettings _settings = new()
    {
        Listen = new Uri("http://127.0.0.1:1"),
        Token = "",
        Data = Directory.CreateTempSubdirectory("boottify-turns-").FullName,
        Nginx = "",
        Templates = "",
        HttpPort = 1,
        HttpsPort = 1,
        Authorities = [],
    };

    public void Dispose() => Directory.Delete(_settings.Data, recursive: true);

    [Fact]
    public void Turns_go_round_by_app_where_no_team_is_known()
    {
        var turns = new FairTurns();
        var waiting = Names("big", null, 100).Append(new Waiting(new Turn("small"), s_now.AddHours(1))).Append(new Waiting(new Turn("other"), s_now.AddHours(2))).ToList();
        var order = new List<string>();
        while (order.Count < 8)
        {
            order.Add(Take(turns, waiting).Turn.App);
            if (order.Count == 4) turns.End(new Turn("big"));
        }

        order.Should().Equal("big", "small", "other", "big", "big", "big", "big", "big");
        turns.Next(Array.Empty<Waiting>(), one => one.Turn, one => one.Due).Should().BeNull();
        turns.Running.Should().Be(7);
    }

    [Fact]
    public void An_app_that_has_waited_goes_before_one_that_has_just_had_its_turn()
    {
        var turns = new FairTurns();
        foreach (var app in (string[])["running", "a"]) turns.Begin(new Turn(app));
        turns.End(new Turn("a"));
        turns.Next([new Waiting(new Turn("a"), s_now), new Waiting(new Turn("b"), s_now.AddDays(1))], one => one.Turn, one => one.Due)!.Turn.App.Should().Be("b");
    }

    [Fact]
    public void A_team_with_a_thousand_names_in_fifty_apps_gets_no_more_turns_than_a_team_with_few()
    {
        var turns = new FairTurns();
        var waiting = Enumerable.Range(0, 50).SelectMany(app => Names($"big{app}", "big", 20)).Concat(Names("one", "small", 1)).Concat(Names("two", "few", 4)).ToList();
        var order = new List<Turn>();
        // Eight at once, as the edge orders; then the one that began first is always the next to end.
        for (var turn = 0; turn < 40; turn++)
        {
            if (turn >= 8) turns.End(order[turn - 8]);
            order.Add(Take(turns, waiting).Turn);
        }

        order.FindIndex(turn => turn.Team == "small").Should().BeLessThan(3, "it waits for one turn of each other team at most");
        order.FindLastIndex(turn => turn.Team == "few").Should().BeLessThan(12, "four names take every other turn");
        order.Where(turn => turn.Team == "big").Select(turn => turn.App).Should().OnlyHaveUniqueItems("among itself the team goes round by app");
    }

    [Fact]
    public void An_app_without_a_team_is_no_member_of_a_team_that_has_its_name()
    {
        var turns = new FairTurns();
        turns.Begin(new Turn("one", "same"));
        turns.Next([new Waiting(new Turn("two", "same"), s_now), new Waiting(new Turn("same"), s_now.AddDays(1))], one => one.Turn, one => one.Due)!.Turn.App.Should().Be("same");
    }

    [Fact]
    public async Task The_team_is_kept_on_disk_and_a_file_of_before_there_were_teams_is_read_as_it_is()
    {
        var folders = new EdgeFolders(_settings);
        Directory.CreateDirectory(folders.Routes);
        await File.WriteAllTextAsync(
            Path.Combine(folders.Routes, "old.json"), """{"version":3,"route":{"appId":"old","version":3,"upstream":"10.0.0.1:80","hosts":[{"name":"a.test","redirectToHttps":true,"hsts":false}],"policy":"standard"},"at":"2026-11-23T08:00:00+00:00"}""");
        using (var desired = await LoadedAsync(folders))
        {
            desired.Find("old")!.Route.Should().Match<CheckedRoute>(route => route.Version == 3 && route.Team == null);
            var route = CheckedRoute.Check(new AppRoute("new", 1, "10.0.0.2:80", [new RouteHost("b.test")], Team: "t1234567")).Route!;
            await desired.StoreAsync("new", new DesiredState.Entry(1, route, s_now), TestContext.Current.CancellationToken);
        }

        using var again = await LoadedAsync(folders);
        again.Find("new")!.Route!.Team.Should().Be("t1234567");
        again.Find("old")!.Route!.Team.Should().BeNull();
        JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folders.Routes, "new.json"))).RootElement.GetProperty("route").GetProperty("team").GetString().Should().Be("t1234567");
    }

    [Fact]
    public void A_route_that_now_has_a_team_is_taken_and_a_team_that_is_no_id_is_refused()
    {
        var before = CheckedRoute.Check(Route(null)).Route!;
        RouteDecision.Of(CheckedRoute.Check(Route("t1234567")).Route!, new DesiredState.Entry(1, before, s_now), _ => "app").Should().BeOfType<RouteDecision.Accept>();
        CheckedRoute.Check(Route("T1\n;")).Problem.Should().Contain("team's id");

        static AppRoute Route(string? team) => new("app", 1, "10.0.0.1:80", [new RouteHost("a.test")], Team: team);
    }

    private static async Task<DesiredState> LoadedAsync(EdgeFolders folders)
    {
        var desired = new DesiredState(folders, TimeProvider.System, NullLogger<DesiredState>.Instance);
        await desired.LoadAsync(TestContext.Current.CancellationToken);
        return desired;
    }

    private static Waiting Take(FairTurns turns, List<Waiting> waiting)
    {
        var next = turns.Next(waiting, one => one.Turn, one => one.Due)!;
        waiting.Remove(next);
        turns.Begin(next.Turn);
        return next;
    }

    private static IEnumerable<Waiting> Names(string app, string? team, int count) => Enumerable.Range(0, count).Select(i => new Waiting(new Turn(app, team), s_now.AddSeconds(i)));

    private sealed record Waiting(Turn Turn, DateTimeOffset Due);
}
