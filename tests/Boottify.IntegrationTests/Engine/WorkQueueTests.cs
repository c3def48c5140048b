using Boottify.Contracts.Databases;
using Boottify.Deployments.Queue;
using Boottify.IntegrationTests.Builds;
using Marten;
using Npgsql;

namespace Boottify.IntegrationTests.Engine;

/// <summary>The queue alone, on a database that no dispatcher empties.</summary>
public sealed class WorkQueueTests : IAsyncLifetime
{
    private static readonly string Server = BuildFixture.Need("BOOTTIFY_APP_DATABASE_URL");
    private readonly string schemaDatabase = $"boottify_test_{Guid.NewGuid():N}";
    private NpgsqlDataSource database = null!;
    private WorkQueue queue = null!;

    public async ValueTask InitializeAsync()
    {
        await ScratchDatabase.CreateAsync(Server, schemaDatabase);
        var url = new UriBuilder(Server) { Path = schemaDatabase };
        var connection = PostgresUrl.ToConnectionString($"{url}");
        database = NpgsqlDataSource.Create(connection);
        using var store = DocumentStore.For(options =>
        {
            options.Connection(connection);
            options.DatabaseSchemaName = WorkTable.Schema;
            WorkTable.AddTo(options);
        });
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync(JasperFx.AutoCreate.CreateOrUpdate);
        queue = new WorkQueue(database);
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        await ScratchDatabase.DropAsync(Server, schemaDatabase);
    }

    [Fact]
    public async Task A_deployment_goes_to_one_node_however_many_ask()
    {
        await AddAsync("d1", "a1", "t1");
        var claims = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => queue.ClaimAsync($"node{n}", true, default)));
        claims.Count(c => c is not null).Should().Be(1);
    }

    [Fact]
    public async Task The_database_refuses_two_running_and_two_waiting_deployments_of_an_app()
    {
        await AddAsync("d1", "a1", "t1");
        var second = () => AddAsync("d2", "a1", "t1");
        (await second.Should().ThrowAsync<PostgresException>()).Which.SqlState.Should().Be(PostgresErrorCodes.UniqueViolation);

        (await queue.ClaimAsync("n", true, default))!.DeploymentId.Should().Be("d1");
        await AddAsync("d2", "a1", "t1");
        (await queue.ClaimAsync("n", true, default, ["d1"])).Should().BeNull();
        var force = () => SqlAsync($"update {WorkTable.Work} set running = true where deployment_id = 'd2'");
        (await force.Should().ThrowAsync<PostgresException>()).Which.ConstraintName.Should().Be("work_one_running_per_app");
    }

    [Fact]
    public async Task A_team_with_a_hundred_waiting_builds_does_not_hold_up_another_teams_one()
    {
        for (var n = 0; n < 100; n++)
            await AddAsync($"busy{n}", $"app{n}", "busy");
        await AddAsync("other", "other", "other");

        (await queue.ClaimAsync("n", true, default))!.DeploymentId.Should().Be("busy0");
        var places = QueueOrder.Of(await queue.ListAsync(default));
        places["other"].Should().Be(new QueuePlace(1, 0, "a free build slot"));
        places["busy1"]!.Number.Should().Be(2);
        places["busy99"].Should().Be(new QueuePlace(100, 1, "a free build slot"));
        (await queue.ClaimAsync("n", true, default, ["busy0"]))!.DeploymentId.Should().Be("other");
        (await queue.ClaimAsync("n", true, default, ["busy0", "other"]))!.DeploymentId.Should().Be("busy1");
    }

    [Fact]
    public async Task However_many_teams_wait_the_order_that_is_told_is_the_order_in_which_they_are_taken()
    {
        var chance = new Random(7);
        foreach (var (team, waiting) in new[] { ("many", 20), ("some", 6), ("few", 3), ("one", 1) })
        {
            for (var n = 0; n < waiting; n++)
                await AddAsync($"{team}{n}", $"{team}-app{n}", team, builds: true, since: $"{chance.Next(1000)} seconds");
        }

        var told = QueueOrder.Of(await queue.ListAsync(default)).OrderBy(place => place.Value!.Number).Select(place => place.Key).ToList();
        var taken = new List<string>();
        while (await queue.ClaimAsync("n", true, default, taken) is { } claim)
            taken.Add(claim.DeploymentId);
        taken.Should().Equal(told);
        // Each team gets its turn before any gets a second one.
        taken.Take(4).Select(id => id.TrimEnd("0123456789".ToCharArray())).Should().BeEquivalentTo("many", "some", "few", "one");
        taken.Skip(4).Take(3).Select(id => id.TrimEnd("0123456789".ToCharArray())).Should().BeEquivalentTo("many", "some", "few");
    }

    [Fact]
    public async Task A_deployment_whose_node_is_silent_goes_to_another_one()
    {
        await AddAsync("d1", "a1", "t1");
        var first = await queue.ClaimAsync("dead", true, default);
        await SqlAsync($"update {WorkTable.Work} set lease_until = now() + interval '1 hour'");
        (await queue.ClaimAsync("alive", true, default)).Should().BeNull();
        (await queue.RenewAsync("dead", ["d1"], default)).Should().Equal("d1");
        (await queue.RenewAsync("dead", [], default)).Should().BeEmpty();

        await SqlAsync($"update {WorkTable.Work} set lease_until = now() - interval '1 second'");
        var second = await queue.ClaimAsync("alive", true, default);
        second!.DeploymentId.Should().Be("d1");
        second.Claims.Should().Be(first!.Claims + 1);
        (await queue.RenewAsync("dead", ["d1"], default)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_node_that_stops_hands_over_at_once()
    {
        await AddAsync("d1", "a1", "t1");
        await queue.ClaimAsync("leaving", true, default);
        await queue.ReleaseAsync("d1", "leaving", default);
        (await queue.ClaimAsync("staying", true, default))!.DeploymentId.Should().Be("d1");
    }

    [Fact]
    public async Task A_node_that_has_no_room_for_builds_still_takes_rollbacks()
    {
        await AddAsync("build", "a1", "t1");
        await AddAsync("rollback", "a2", "t1", builds: false);
        (await queue.ClaimAsync("n", mayBuild: false, default))!.DeploymentId.Should().Be("rollback");
        (await queue.ClaimAsync("n", mayBuild: false, default, ["rollback"])).Should().BeNull();
    }

    private async Task AddAsync(string deployment, string app, string team, bool builds = true, string since = "0 seconds")
    {
        await using var command = database.CreateCommand(
            $"insert into {WorkTable.Work} (deployment_id, app_id, team_id, builds, queued_at) values ($1, $2, $3, $4, clock_timestamp() - $5::interval)");
        foreach (object value in new object[] { deployment, app, team, builds, since })
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync();
    }

    private async Task SqlAsync(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
