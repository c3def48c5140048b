using Boottify.Branches;
using Boottify.Contracts.Databases;
using Boottify.Databases;
using Boottify.Deployments.Queue;
using Boottify.IntegrationTests.Builds;
using Marten;
using Npgsql;

namespace Boottify.IntegrationTests.Branches;

/// <summary>The table of looks alone, on a database that no node works on.</summary>
public sealed class BranchHeadsTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);
    private static readonly string Server = BuildFixture.Need("BOOTTIFY_APP_DATABASE_URL");
    private readonly string name = $"boottify_test_{Guid.NewGuid():N}";
    private NpgsqlDataSource database = null!;
    private BranchHeads heads = null!;

    public async ValueTask InitializeAsync()
    {
        await ScratchDatabase.CreateAsync(Server, name);
        var connection = PostgresUrl.ToConnectionString($"{new UriBuilder(Server) { Path = name }}");
        database = NpgsqlDataSource.Create(connection);
        using var store = DocumentStore.For(options =>
        {
            options.Connection(connection);
            options.DatabaseSchemaName = WorkTable.Schema;
            BranchHeads.AddTo(options);
        });
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync(JasperFx.AutoCreate.CreateOrUpdate);
        heads = new BranchHeads(database);
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        await ScratchDatabase.DropAsync(Server, name);
    }

    [Fact]
    public async Task A_look_goes_to_one_node_however_many_ask_and_comes_up_again_when_that_one_dies()
    {
        await heads.EnrolAsync(["a1"], TimeSpan.Zero, BuildFixture.Token);
        var claims = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => heads.ClaimAsync(Lease, BuildFixture.Token)));
        claims.Where(c => c is not null).Should().Equal(new DueLook("a1", null, 0));

        await PassAsync(Lease);
        (await heads.ClaimAsync(Lease, BuildFixture.Token)).Should().Be(new DueLook("a1", null, 0));
    }

    [Fact]
    public async Task A_thousand_apps_that_are_added_at_once_are_looked_at_all_over_the_interval()
    {
        string[] apps = [.. Enumerable.Range(0, 1000).Select(n => $"a{n}")];
        var began = await NowAsync();
        await heads.EnrolAsync(apps, TimeSpan.FromMinutes(5), BuildFixture.Token);
        await heads.EnrolAsync(apps, TimeSpan.FromMinutes(5), BuildFixture.Token);
        var enrolled = await NowAsync();

        // When each is due, in tenths of the interval; how long it took to enrol them does not count.
        await using var command = database.CreateCommand(
            "select width_bucket(extract(epoch from next_look - $1)::float8, 0, 300 + extract(epoch from $2 - $1)::float8, 10) as tenth, count(*) from boottify.heads group by 1 order by 1");
        command.Parameters.Add(new NpgsqlParameter { Value = began });
        command.Parameters.Add(new NpgsqlParameter { Value = enrolled });
        var perTenth = new List<long>();
        await using var rows = await command.ExecuteReaderAsync(BuildFixture.Token);
        while (await rows.ReadAsync(BuildFixture.Token))
            perTenth.Add(rows.GetInt64(1));

        perTenth.Should().HaveCount(10, "none is due before or after");
        perTenth.Sum().Should().Be(1000);
        perTenth.Should().OnlyContain(due => due < 200, "100 each, give or take what chance does");
        perTenth.Should().OnlyContain(due => due > 50);
    }

    [Fact]
    public async Task A_look_that_failed_keeps_the_commit_seen_before_and_one_that_succeeds_ends_the_row_of_failures()
    {
        await heads.SeenAsync("a1", "c1", TimeSpan.FromMinutes(5), BuildFixture.Token);
        await heads.FailedAsync("a1", "away", TimeSpan.Zero, BuildFixture.Token);
        await heads.FailedAsync("a1", "still away", TimeSpan.Zero, BuildFixture.Token);
        var failed = (await heads.OfAsync(["a1", "a2"], BuildFixture.Token)).Should().ContainSingle().Which.Value;
        (failed.Commit, failed.Error).Should().Be(("c1", "still away"));
        (await heads.ClaimAsync(TimeSpan.Zero, BuildFixture.Token)).Should().Be(new DueLook("a1", "c1", 2));

        await heads.SeenAsync("a1", "c2", TimeSpan.Zero, BuildFixture.Token);
        (await heads.OfAsync(["a1"], BuildFixture.Token))["a1"].Error.Should().BeNull();
        (await heads.ClaimAsync(TimeSpan.Zero, BuildFixture.Token)).Should().Be(new DueLook("a1", "c2", 0));
    }

    private async Task<DateTime> NowAsync()
    {
        await using var command = database.CreateCommand("select clock_timestamp()");
        return (DateTime)(await command.ExecuteScalarAsync(BuildFixture.Token))!;
    }

    private async Task PassAsync(TimeSpan time)
    {
        await using var command = database.CreateCommand("update boottify.heads set next_look = next_look - @time");
        command.Parameters.AddWithValue("time", time);
        await command.ExecuteNonQueryAsync(BuildFixture.Token);
    }
}
