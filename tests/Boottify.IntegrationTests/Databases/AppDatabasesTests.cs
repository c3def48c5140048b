using Boottify.Apps;
using Boottify.Contracts.Databases;
using Boottify.Databases;
using Boottify.IntegrationTests.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Boottify.IntegrationTests.Databases;

public sealed class AppDatabasesTests : IAsyncDisposable
{
    private readonly ServiceProvider services = RealPlatform.Services();
    private readonly List<string> made = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IAppDatabases Databases => services.GetRequiredService<IAppDatabases>();

    [Fact]
    public async Task An_app_owns_its_database_and_can_do_as_it_likes_there()
    {
        var (name, url) = await EnsureAsync("first-Pass/word:1");
        await using var app = Connect(url);
        await ScalarAsync(app, "CREATE TABLE visits (n int); INSERT INTO visits VALUES (7)");
        (await ScalarAsync(app, "SELECT n FROM visits")).Should().Be(7);
        (await ScalarAsync(app, "SHOW statement_timeout")).Should().Be("1min");
        (await Databases.ListAsync(Cancellation)).Select(database => database.Name).Should().Contain(name);
    }

    [Fact]
    public async Task A_role_cannot_connect_to_another_apps_database()
    {
        var (mine, url) = await EnsureAsync("pass-one");
        var (other, _) = await EnsureAsync("pass-two");
        await using var intruder = Connect(url, other);
        var refusal = await FluentActions.Awaiting(() => ScalarAsync(intruder, "SELECT 1")).Should().ThrowAsync<PostgresException>();
        refusal.Which.SqlState.Should().Be(PostgresErrorCodes.InsufficientPrivilege, $"{mine} is not {other}");
    }

    [Fact]
    public async Task Making_it_again_sets_the_password_and_keeps_the_data()
    {
        var (name, first) = await EnsureAsync("old-one");
        await using (var app = Connect(first))
            await ScalarAsync(app, "CREATE TABLE kept (n int)");

        var second = await Databases.EnsureAsync(name, name, "new-one", Cancellation);
        await using (var app = Connect(second))
            (await ScalarAsync(app, "SELECT count(*) FROM kept")).Should().Be(0L);
        await using var late = Connect(first);
        await FluentActions.Awaiting(() => ScalarAsync(late, "SELECT 1")).Should().ThrowAsync<PostgresException>();
    }

    [Fact]
    public async Task Many_at_once_for_the_same_app_make_one_and_all_succeed()
    {
        var name = NewName();
        var urls = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Databases.EnsureAsync(name, name, "same", Cancellation)));
        urls.Distinct().Should().ContainSingle();
        await using var app = Connect(urls[0]);
        (await ScalarAsync(app, "SELECT current_database()::text")).Should().Be(name);
    }

    [Fact]
    public async Task A_run_that_died_half_way_is_finished_by_the_next()
    {
        var name = NewName();
        await using (var server = NpgsqlDataSource.Create(PostgresUrl.ToConnectionString(RealPlatform.Setting("BOOTTIFY_APP_DATABASE_URL"))))
        {
            foreach (var step in new[] { $"CREATE ROLE {name} NOLOGIN", $"GRANT {name} TO CURRENT_USER", $"CREATE DATABASE {name} OWNER {name} TEMPLATE template0 ALLOW_CONNECTIONS false" })
                await ScalarAsync(server, step);
        }

        await using var app = Connect(await Databases.EnsureAsync(name, name, "later", Cancellation));
        (await ScalarAsync(app, "SELECT 1")).Should().Be(1);
    }

    [Fact]
    public async Task Dropping_ends_sessions_that_are_open_and_may_be_repeated()
    {
        var (name, url) = await EnsureAsync("gone");
        await using var source = Connect(url);
        await using var open = await source.OpenConnectionAsync(Cancellation);

        await Databases.DropAsync(name, name, Cancellation);
        await Databases.DropAsync(name, name, Cancellation);

        (await Databases.ListAsync(Cancellation)).Select(database => database.Name).Should().NotContain(name);
        await using var server = NpgsqlDataSource.Create(PostgresUrl.ToConnectionString(RealPlatform.Setting("BOOTTIFY_APP_DATABASE_URL")));
        (await ScalarAsync(server, $"SELECT count(*) FROM pg_roles WHERE rolname = '{name}'")).Should().Be(0L);
    }

    [Fact]
    public async Task A_database_that_autovacuum_works_on_is_dropped_too()
    {
        var (name, url) = await EnsureAsync("busy");
        await using var app = Connect(url);
        // A page each 0.1 s: autovacuum stays for minutes once the server's launcher, which looks once a minute, has sent it.
        await ScalarAsync(app, "CREATE TABLE busy (n int) WITH (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)");
        await ScalarAsync(app, "INSERT INTO busy SELECT generate_series(1, 100000); DELETE FROM busy");
        // A role like ours is not told what a session is; but sessions of users have a user.
        const string atWork = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usesysid IS NULL";
        await Patience.UntilAsync(async () => await ScalarAsync(app, atWork) is not null);

        await Databases.DropAsync(name, name, Cancellation);

        (await Databases.ListAsync(Cancellation)).Select(database => database.Name).Should().NotContain(name);
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("app_x\"; DROP DATABASE boottify; --")]
    [InlineData("App_upper")]
    [InlineData("")]
    public async Task Only_an_apps_own_name_is_ever_dropped(string name) =>
        await FluentActions.Awaiting(() => Databases.DropAsync(name, name, Cancellation)).Should().ThrowAsync<ArgumentException>();

    public async ValueTask DisposeAsync()
    {
        foreach (var name in made)
            await Databases.DropAsync(name, name, CancellationToken.None);
        await services.DisposeAsync();
    }

    private string NewName()
    {
        var name = $"app_{AppIds.New()}";
        made.Add(name);
        return name;
    }

    private async Task<(string Name, string Url)> EnsureAsync(string password)
    {
        var name = NewName();
        return (name, await Databases.EnsureAsync(name, name, password, Cancellation));
    }

    private static NpgsqlDataSource Connect(string url, string? database = null)
    {
        var connection = PostgresUrl.Parse(url);
        connection.Database = database ?? connection.Database;
        connection.Pooling = false;
        connection.CommandTimeout = 180;
        return NpgsqlDataSource.Create(connection);
    }

    private static async Task<object?> ScalarAsync(NpgsqlDataSource source, string statement)
    {
        await using var command = source.CreateCommand(statement);
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
