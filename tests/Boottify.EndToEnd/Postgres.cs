using Npgsql;

namespace Boottify.EndToEnd;

public static class Postgres
{
    /// <summary>What Npgsql takes, of <c>postgres://user:password@host:port/database</c>.</summary>
    public static string ConnectionString(string url)
    {
        var parsed = new Uri(url);
        var account = parsed.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = parsed.Host,
            Port = parsed.Port,
            Username = Uri.UnescapeDataString(account[0]),
            Password = Uri.UnescapeDataString(account[1]),
            Database = parsed.AbsolutePath.TrimStart('/'),
            Pooling = false,
        }.ConnectionString;
    }
}
