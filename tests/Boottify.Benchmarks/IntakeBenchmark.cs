using Npgsql;

namespace Boottify.Benchmarks;

/// <summary>
/// Different pushes, each a signed webhook answered after its durable write; beside the durable write alone: the same number
/// of single-row inserts of as many bytes into the same PostgreSQL. One app a client, since an app's own pushes wait in line.
/// </summary>
internal static class IntakeBenchmark
{
    private const int Pushes = 600;

    public static async Task<Measured> RunAsync(BenchPlatform platform)
    {
        var apps = new BenchApp[BenchPlatform.Clients];
        for (var n = 0; n < apps.Length; n++)
            apps[n] = await platform.CreateAppAsync();
        var ours = await BenchPlatform.MeasureAsync(Pushes, n =>
        {
            var (id, _, secret) = apps[(n & int.MaxValue) % apps.Length];
            return platform.PushAsync(id, secret, BenchPlatform.NewCommit());
        });
        foreach (var app in apps)
            await platform.DeleteAppAsync(app.Id);
        return new Measured("pushes taken in", ours, await InsertsAsync(platform), "durable inserts");
    }

    private static async Task<double> InsertsAsync(BenchPlatform platform)
    {
        await ExecuteAsync(platform, "create table if not exists bench_rows (body text)");
        var body = new string('x', 400);
        try
        {
            return await BenchPlatform.MeasureAsync(Pushes * 10, async _ =>
            {
                await using var command = platform.Database.CreateCommand("insert into bench_rows values ($1)");
                command.Parameters.Add(new NpgsqlParameter { Value = body });
                await command.ExecuteNonQueryAsync();
            });
        }
        finally
        {
            await ExecuteAsync(platform, "drop table bench_rows");
        }
    }

    private static async Task ExecuteAsync(BenchPlatform platform, string sql)
    {
        await using var command = platform.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
