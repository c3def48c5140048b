using System.Text;
using Npgsql;

namespace Boottify.EndToEnd;

public sealed class SecretsTests(Platform platform)
{
    [Fact]
    public async Task A_secret_that_the_build_and_a_crashing_pod_print_is_seen_and_stored_nowhere()
    {
        var secret = $"s3cr3t+/{Guid.NewGuid():n}";
        // Without the padding, which belongs to no byte of it alone.
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)).TrimEnd('=')[..^1];
        var files = TestApps.Crashing("console.log(`pod: ${process.env.TOKEN}`); console.error('pod64: ' + Buffer.from(process.env.TOKEN).toString('base64'))");
        files["Dockerfile"] = [.. files["Dockerfile"], .. Encoding.UTF8.GetBytes($"RUN echo 'build: {secret}'; echo 'build64: {base64}'\n")];
        await using var app = await platform.CreateAppAsync(files, "Secrets");
        await app.SetVariableAsync("TOKEN", secret);
        var failed = await app.PushAsync();
        failed.Status.Should().Be("failed");

        var log = (await app.LinesAsync(failed.Id)).Select(line => line.Text).ToArray();
        log.Should().Contain("build: [redacted]").And.Contain("pod: [redacted]");
        log.Should().Contain(line => line.StartsWith("build64: [redacted]", StringComparison.Ordinal))
            .And.Contain(line => line.StartsWith("pod64: [redacted]", StringComparison.Ordinal));
        foreach (var address in new[] { $"deployments/{failed.Id}/logs", $"deployments/{failed.Id}/logs.txt", $"deployments/{failed.Id}/events", $"deployments/{failed.Id}", $"apps/{app.Id}/env", $"apps/{app.Id}" })
        {
            var answer = await platform.Api.GetStringAsync($"api/{address}", Platform.Deadline());
            answer.Should().NotContain(secret, $"GET {address}").And.NotContain(base64, $"GET {address}");
        }

        (await platform.Api.GetStringAsync($"api/apps/{app.Id}/env", Platform.Deadline())).Should().Contain("TOKEN");
        (await TablesHoldingAsync(secret)).Should().BeEmpty();
        (await TablesHoldingAsync(base64)).Should().BeEmpty();
        (await TablesHoldingAsync("build: [redacted]")).Should().NotBeEmpty("or this looks in the wrong place");
    }

    /// <summary>Every table of the platform's database in which the text stands, in clear or as bytes.</summary>
    private static async Task<IReadOnlyList<string>> TablesHoldingAsync(string text)
    {
        await using var database = NpgsqlDataSource.Create(Postgres.ConnectionString(Platform.Setting("DATABASE_URL")));
        var tables = new List<string>();
        await using (var list = database.CreateCommand(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1"))
        await using (var rows = await list.ExecuteReaderAsync(Platform.Deadline()))
        {
            while (await rows.ReadAsync(Platform.Deadline()))
                tables.Add(rows.GetString(0));
        }

        var holding = new List<string>();
        foreach (var table in tables)
        {
            await using var search = database.CreateCommand($"select exists (select from {table} t where strpos(t::text, $1) > 0 or strpos(t::text, $2) > 0)");
            search.CommandTimeout = 300;
            search.Parameters.Add(new NpgsqlParameter { Value = text });
            search.Parameters.Add(new NpgsqlParameter { Value = Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)) });
            if (await search.ExecuteScalarAsync(Platform.Deadline()) is true)
                holding.Add(table);
        }

        return holding;
    }
}
