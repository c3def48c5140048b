using System.Globalization;
using Npgsql;

namespace Boottify.Contracts.Databases;

/// <summary>Between <c>postgres://user:password@host:port/database</c> and what Npgsql reads.</summary>
public static class PostgresUrl
{
    /// <summary>
    /// Turns a URL, percent-encoded as RFC 3986 asks, into a connection string. Query parameters are handed on by the names
    /// that libpq or Npgsql use (<c>sslmode</c>, <c>application_name</c>, <c>host</c> for a socket's folder, ...).
    /// </summary>
    /// <param name="url">Scheme <c>postgres</c> or <c>postgresql</c>; the port is 5432 unless named.</param>
    /// <param name="setting">The setting that the URL came from, for the message; the URL itself is never quoted, as it holds a password.</param>
    /// <exception cref="FormatException">It is no such URL.</exception>
    public static string ToConnectionString(string url, string setting = "DATABASE_URL") => Parse(url, setting).ConnectionString;

    /// <inheritdoc cref="ToConnectionString"/>
    public static NpgsqlConnectionStringBuilder Parse(string url, string setting = "DATABASE_URL")
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("postgres" or "postgresql"))
            throw Malformed(setting, "it does not start with postgres:// or is no URL");

        var result = new NpgsqlConnectionStringBuilder { Port = uri.Port > 0 ? uri.Port : 5432 };
        if (uri.Host.Length > 0)
            result.Host = uri.Host.Trim('[', ']');

        var (user, password) = Split(uri.UserInfo, ':');
        if (user.Length > 0)
            result.Username = Uri.UnescapeDataString(user);
        if (password is not null)
            result.Password = Uri.UnescapeDataString(password);
        var database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        if (database.Length > 0)
            result.Database = database;

        foreach (var parameter in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = Split(parameter, '=');
            Set(result, setting, Uri.UnescapeDataString(name), Uri.UnescapeDataString(value ?? ""));
        }

        if (string.IsNullOrEmpty(result.Host))
            throw Malformed(setting, "it names no host");
        if (string.IsNullOrEmpty(result.Database))
            throw Malformed(setting, "it names no database");
        return result;
    }

    /// <summary>The URL form of a role's access to a database, with everything that needs it percent-encoded.</summary>
    /// <param name="authority"><c>host:port</c>.</param>
    public static string Format(string user, string password, string authority, string database) => string.Create(
        CultureInfo.InvariantCulture,
        $"postgres://{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}@{authority}/{Uri.EscapeDataString(database)}");

    private static void Set(NpgsqlConnectionStringBuilder result, string setting, string name, string value)
    {
        var keyword = name switch
        {
            "sslmode" => "SSL Mode",
            "sslrootcert" => "Root Certificate",
            "application_name" => "Application Name",
            "connect_timeout" => "Timeout",
            "target_session_attrs" => "Target Session Attributes",
            "options" => "Options",
            _ => name,
        };
        // libpq writes "verify-full" where Npgsql reads "VerifyFull".
        if (keyword == "SSL Mode")
            value = value.Replace("-", "", StringComparison.Ordinal);
        try
        {
            result[keyword] = value;
        }
        catch (Exception unknown) when (unknown is ArgumentException or InvalidCastException or FormatException or OverflowException)
        {
            throw Malformed(setting, $"its parameter '{name}' is unknown or has a value that does not fit");
        }
    }

    private static (string Before, string? After) Split(string text, char separator)
    {
        var at = text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
    }

    private static FormatException Malformed(string setting, string why) =>
        new($"{setting} is not usable: {why}. Expected postgres://user:password@host:port/database, with special characters percent-encoded.");
}
