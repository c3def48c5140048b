using Boottify.Contracts.Databases;

namespace Boottify.EndToEnd;

public static class Postgres
{
    /// <summary>What Npgsql takes, of <c>postgres://user:password@host:port/database</c>; without a pool, as each is used once.</summary>
    public static string ConnectionString(string url)
    {
        var address = PostgresUrl.Parse(url);
        (address.Pooling, address.Timeout, address.CommandTimeout) = (false, 60, 180);
        return address.ConnectionString;
    }
}
