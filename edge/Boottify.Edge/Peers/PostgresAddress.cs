using Npgsql;

namespace Boottify.Edge.Peers;

/// <summary>Reads <c>postgres://user:password@host:port/database?sslmode=…</c>, percent-encoded as RFC 3986 asks.</summary>
internal static class PostgresAddress
{
    /// <param name="setting">Where it came from, for the message; the address itself, which holds a password, is never quoted.</param>
    /// <exception cref="InvalidOperationException">It is no such address.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string url, string setting)
    {
        InvalidOperationException Malformed(string why) =>
            new($"{setting} is not usable: {why}. Set it to postgres://user:password@host:port/database, with special characters percent-encoded.");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("postgres" or "postgresql")) throw Malformed("it does not start with postgres:// or is no URL");

        var result = new NpgsqlConnectionStringBuilder { Host = uri.Host.Trim('[', ']'), Port = uri.Port > 0 ? uri.Port : 5432, Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')) };
        if (uri.UserInfo.Split(':', 2) is [{ Length: > 0 } user, .. var password])
        {
            result.Username = Uri.UnescapeDataString(user);
            if (password is [var secret]) result.Password = Uri.UnescapeDataString(secret);
        }

        foreach (var parameter in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = Uri.UnescapeDataString(parameter.Split('=')[0]);
            var value = Uri.UnescapeDataString(parameter[Math.Min(parameter.Length, parameter.Split('=')[0].Length + 1)..]);
            try
            {
                result[KeywordOf(name)] = name == "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value; // "verify-full" is VerifyFull.
            }
            catch (Exception e) when (e is ArgumentException or InvalidCastException or FormatException or OverflowException)
            {
                throw Malformed($"its parameter '{name}' is unknown or has a value that does not fit");
            }
        }

        if (string.IsNullOrEmpty(result.Host)) throw Malformed("it names no host");
        return string.IsNullOrEmpty(result.Database) ? throw Malformed("it names no database") : result;
    }

    /// <summary>libpq's name → Npgsql's.</summary>
    private static string KeywordOf(string name) => name switch
    {
        "sslmode" => "SSL Mode",
        "sslrootcert" => "Root Certificate",
        "application_name" => "Application Name",
        "connect_timeout" => "Timeout",
        "target_session_attrs" => "Target Session Attributes",
        "options" => "Options",
        _ => name,
    };
}
