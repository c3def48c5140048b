using System.Security.Cryptography;
using System.Text;
using Boottify.Contracts.Databases;
using Boottify.Edge.Peers;
using Npgsql;

namespace Boottify.Edge.Tests.Support;

/// <summary>A database of a test's own in the real PostgreSQL, for edges to share; it goes with the test.</summary>
internal sealed class OwnDatabase : IAsyncDisposable
{
    private static readonly string s_server = Environment.GetEnvironmentVariable("BOOTTIFY_APP_DATABASE_URL") is { Length: > 0 } url ? url : Needed.Setting("DATABASE_URL");
    private readonly string _name = $"boottify_edge_{Guid.NewGuid():N}";
    private readonly NpgsqlDataSource _source;

    private OwnDatabase() => _source = NpgsqlDataSource.Create(Patient(UrlAt(null).AbsoluteUri));

    public string Key { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>What makes an edge share it.</summary>
    public Dictionary<string, string> Settings => Through(null);

    /// <summary>Of the edges' role; the platform always has one.</summary>
    public static string Password => PostgresUrl.Parse(s_server, "BOOTTIFY_APP_DATABASE_URL").Password is { Length: > 0 } password ? password : throw new InvalidOperationException("The tests' database has no password that could be seen in a log.");

    public static string Host => new Uri(s_server).Host;

    public static int Port => new Uri(s_server) is { Port: > 0 } url ? url.Port : 5432;

    public static async Task<OwnDatabase> CreateAsync()
    {
        var database = new OwnDatabase();
        await ScratchDatabase.CreateAsync(s_server, database._name);
        return database;
    }

    /// <param name="door">The way that the edge takes to it; null for the straight one.</param>
    public Dictionary<string, string> Through(DatabaseDoor? door) => new() { ["BOOTTIFY_EDGE_DATABASE_URL"] = UrlAt(door).AbsoluteUri, ["BOOTTIFY_EDGE_KEY"] = Key };

    public async Task<T?> AskAsync<T>(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return await command.ExecuteScalarAsync() is T answer ? answer : default;
    }

    public Task<string?> SerialOfAsync(string host) => AskAsync<string>($"select serial from boottify_edge.certificates where name = '{host}'");

    /// <summary>Everything that lies in the edges' tables, byte for byte.</summary>
    public async Task<string> EverythingAsync()
    {
        var all = new StringBuilder();
        foreach (var table in (string[])["seal", "challenges", "leases", "certificates", "troubles", "hurries", "uses"])
        {
            await using var command = _source.CreateCommand($"select * from boottify_edge.{table}");
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
                for (var column = 0; column < rows.FieldCount; column++)
                    all.Append(rows.GetValue(column) is byte[] bytes ? Encoding.Latin1.GetString(bytes) : rows.GetValue(column)).Append('\n');
        }

        return all.ToString();
    }

    private Uri UrlAt(DatabaseDoor? door) => new UriBuilder(s_server) { Path = _name, Query = "sslmode=disable", Host = door is null ? Host : "127.0.0.1", Port = door?.Port ?? Port }.Uri;

    /// <summary>To make and to drop a database waits for the disk.</summary>
    private static NpgsqlConnectionStringBuilder Patient(string url)
    {
        var address = PostgresUrl.Parse(url, "BOOTTIFY_APP_DATABASE_URL");
        (address.Timeout, address.CommandTimeout) = (60, 180);
        return address;
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await ScratchDatabase.DropAsync(s_server, _name);
    }
}
