using System.Net;
using System.Text.Json;

namespace Boottify.EndToEnd;

/// <summary>A deletion that meets with resistance.</summary>
public sealed class DeletionTests(Platform platform, ITestOutputHelper output)
{
    private const int Tries = 10;

    [Fact]
    public async Task A_namespace_that_does_not_go_is_reported_with_the_finalizer_that_holds_it_and_goes_once_that_is_gone()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), "Held");
        var ended = await app.PushAsync();
        ended.Status.Should().Be("succeeded", ended.Error);
        await CommandLine.KubectlAsync("create", "configmap", "held", "--namespace", app.Namespace);
        await CommandLine.KubectlAsync("patch", "configmap", "held", "--namespace", app.Namespace, "--patch", "{\"metadata\":{\"finalizers\":[\"example.com/backup\"]}}");

        await DeleteAsync(app);
        // Its reason is in the history a moment before the look itself is noted.
        // The first looks may meet what is only still going: its pods, its database.
        var blocked = await UntilAsync(app, deletion => deletion is { BlockedBy: { } why, LookedAt: not null }
            && why.StartsWith("Namespace: ", StringComparison.Ordinal) && why.Contains("example.com/backup", StringComparison.Ordinal) && !why.Contains("pods", StringComparison.Ordinal));
        // From the look on that says the same as the one before it, what holds it is all that is left.
        for (var before = ""; before != blocked.BlockedBy;)
        {
            before = blocked.BlockedBy;
            blocked = await UntilAsync(app, deletion => deletion.LookedAt > blocked.LookedAt);
        }

        var told = await CountAsync(app, "app_deletion_blocked");
        output.WriteLine($"{blocked}");
        blocked.BlockedBy.Should().Contain(app.Namespace).And.Contain("example.com/backup");
        blocked.By.Should().NotBeNullOrEmpty();
        (await Traces.OfAppAsync(app)).Should().Equal(["namespace"], "what does not hang together with it is gone");

        // Looked at again by itself, and the same reason is told once.
        await UntilAsync(app, deletion => deletion.LookedAt > blocked.LookedAt);
        await DeleteAsync(app);
        (await CountAsync(app, "app_deletion_blocked")).Should().Be(told);
        (await CountAsync(app, "app_deletion_requested")).Should().Be(1);
        (await CountAsync(app, "app_deleted")).Should().Be(0);

        await CommandLine.KubectlAsync("patch", "configmap", "held", "--namespace", app.Namespace, "--type", "merge", "--patch", "{\"metadata\":{\"finalizers\":null}}");
        await app.DeleteAsync();
        (await Traces.OfAppAsync(app)).Should().BeEmpty();
        (await CountAsync(app, "app_deleted")).Should().Be(1);
    }

    [Theory]
    [MemberData(nameof(DeploymentState.All), MemberType = typeof(DeploymentState))]
    public async Task Deleting_an_app_while_it_is_deployed_stops_the_deployment_and_leaves_no_trace(string state)
    {
        for (var tries = 1; tries <= Tries; tries++)
        {
            await using var app = await platform.CreateAppAsync(DeploymentState.Code(state, $"one {tries}"), $"Deleted while {state}");
            var (deployment, hit) = await DeploymentState.ActInAsync(platform, app, state, _ => DeleteAsync(app));
            output.WriteLine($"{deployment}: wanted {state}, hit {hit ?? "none"}");
            await app.DeleteAsync();
            (await Traces.OfAppAsync(app)).Should().BeEmpty();
            (await Traces.OfDeploymentAsync(app, deployment, app.Source.Head)).Should().BeEmpty();
            if (hit == state)
                return;
        }

        Assert.Fail($"No deployment was met while {state} in {Tries} tries.");
    }

    [Fact]
    public async Task An_app_with_one_deployment_running_and_one_waiting_goes_with_both()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Ticking(), "Deleted with a queue");
        var running = await app.AnnounceAsync();
        await app.UntilLineAsync(running, "tick 1");
        await app.Source.CommitAsync(TestApps.Serving("two"));
        var waiting = await app.AnnounceAsync();

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => DeleteAsync(app)));
        await app.DeleteAsync();
        (await app.DeploymentAsync(running)).Status.Should().Be("cancelled");
        (await app.DeploymentAsync(waiting)).Status.Should().Be("cancelled");
        (await Traces.OfAppAsync(app)).Should().BeEmpty();
        (await CountAsync(app, "app_deletion_requested")).Should().Be(1);
        (await CountAsync(app, "app_deleted")).Should().Be(1);
    }

    private async Task DeleteAsync(DeployableApp app)
    {
        using var accepted = await platform.Api.DeleteAsync($"api/apps/{app.Id}", Platform.Deadline());
        accepted.StatusCode.Should().BeOneOf(HttpStatusCode.Accepted, HttpStatusCode.NotFound);
    }

    private async Task<Deletion> UntilAsync(DeployableApp app, Func<Deletion, bool> isThere)
    {
        var deadline = Platform.Deadline();
        while (true)
        {
            var view = await (await platform.Api.GetAsync($"api/apps/{app.Id}", deadline)).ReadAsync<JsonElement>();
            view.GetProperty("status").GetString().Should().Be("deleting");
            if (view.GetProperty("deletion").Deserialize<Deletion>(JsonSerializerOptions.Web) is { } deletion && isThere(deletion))
                return deletion;
            await Task.Delay(500, deadline);
        }
    }

    /// <summary>How many events of the type the app's stream holds: the history itself, since the app answers 404 at the end.</summary>
    private static async Task<long> CountAsync(DeployableApp app, string type)
    {
        await using var database = Npgsql.NpgsqlDataSource.Create(Postgres.ConnectionString(Platform.Setting("DATABASE_URL")));
        await using var command = database.CreateCommand("select count(*) from boottify.mt_events where stream_id = $1 and type = $2");
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = app.Id });
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = type });
        return (long)(await command.ExecuteScalarAsync(Platform.Deadline()))!;
    }

    private sealed record Deletion(DateTimeOffset RequestedAt, string? By, string? BlockedBy, DateTimeOffset? LookedAt);
}
