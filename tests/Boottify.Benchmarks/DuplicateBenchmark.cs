using Npgsql;

namespace Boottify.Benchmarks;

/// <summary>Copies of one push, each answered with the first one's deployment; beside the look-up by key alone.</summary>
internal static class DuplicateBenchmark
{
    private const int Copies = 3_000;

    public static async Task<Measured> RunAsync(BenchPlatform platform)
    {
        var (id, _, secret) = await platform.CreateAppAsync();
        var commit = BenchPlatform.NewCommit();
        var ours = await BenchPlatform.MeasureAsync(Copies, _ => platform.PushAsync(id, secret, commit));
        var raw = await BenchPlatform.MeasureAsync(Copies * 5, async _ =>
        {
            await using var command = platform.Database.CreateCommand("select deployment_id from boottify.seen where app_id = $1 and key = $2");
            command.Parameters.Add(new NpgsqlParameter { Value = id });
            command.Parameters.Add(new NpgsqlParameter { Value = $"commit:{commit}" });
            await command.ExecuteScalarAsync();
        });
        await platform.DeleteAppAsync(id);
        return new Measured("duplicates refused", ours, raw, "look-ups");
    }
}
