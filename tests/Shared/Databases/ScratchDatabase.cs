using Boottify.Contracts.Databases;
using Npgsql;

namespace Boottify.Testing;

/// <summary>Makes and drops a test's own database. Both wait for the disk, which all tests share.</summary>
internal static class ScratchDatabase
{
    private const int Tries = 10;

    /// <param name="server">URL of a role that may create databases.</param>
    public static async Task CreateAsync(string server, string name)
    {
        await using var connection = await OpenAsync(server);
        await RunAsync(connection, $"create database {name}");
    }

    /// <summary>Without <c>force</c>, which a server refuses to roles like ours whenever autovacuum is at work in the database.</summary>
    public static async Task DropAsync(string server, string name)
    {
        await using var connection = await OpenAsync(server);
        for (var tries = 1; ; tries++)
        {
            try
            {
                await RunAsync(connection, $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and usename = current_user");
                await RunAsync(connection, $"drop database if exists {name}");
                return;
            }
            catch (PostgresException inUse) when (inUse.SqlState == PostgresErrorCodes.ObjectInUse && tries < Tries)
            {
                // Something connected meanwhile. The server had waited 5 s by itself.
            }
        }
    }

    private static async Task<NpgsqlConnection> OpenAsync(string server)
    {
        var address = PostgresUrl.Parse(server);
        (address.Pooling, address.Timeout, address.CommandTimeout) = (false, 60, 180);
        var connection = new NpgsqlConnection(address.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string statement)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync();
    }
}
