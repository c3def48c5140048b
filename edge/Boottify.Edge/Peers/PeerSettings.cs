using Boottify.Contracts.Databases;
using Npgsql;

namespace Boottify.Edge.Peers;

/// <summary>The database that this edge shares with others, and the key under which what lies there is sealed.</summary>
/// <param name="Key">32 bytes for AES-256-GCM, the same on all edges.</param>
public sealed record PeerSettings(NpgsqlConnectionStringBuilder Database, byte[] Key)
{
    private const int KeyLength = 32;

    /// <summary>Null when neither is set: then this edge is the only one.</summary>
    /// <exception cref="InvalidOperationException">One is missing or makes no sense; the message says which, and holds no value.</exception>
    public static PeerSettings? Read(Func<string, string?> setting)
    {
        var (url, key) = (setting("BOOTTIFY_EDGE_DATABASE_URL"), setting("BOOTTIFY_EDGE_KEY"));
        if (url is null && key is null) return null;
        if (url is null) throw new InvalidOperationException("BOOTTIFY_EDGE_KEY is set, but not BOOTTIFY_EDGE_DATABASE_URL. Set both for several edges on one database, or neither.");
        if (key is null) throw new InvalidOperationException("BOOTTIFY_EDGE_DATABASE_URL is set, but not BOOTTIFY_EDGE_KEY. Set both for several edges on one database, or neither.");
        var bytes = new byte[KeyLength + 1];
        if (!Convert.TryFromBase64String(key, bytes, out var length) || length != KeyLength)
            throw new InvalidOperationException($"BOOTTIFY_EDGE_KEY is not {KeyLength} bytes in base64. Make one for all edges with `openssl rand -base64 {KeyLength}`.");
        try
        {
            return new PeerSettings(PostgresUrl.Parse(url, "BOOTTIFY_EDGE_DATABASE_URL"), bytes[..KeyLength]);
        }
        catch (FormatException e)
        {
            throw new InvalidOperationException(e.Message, e);
        }
    }

    /// <summary>Leaves key and password out of logs.</summary>
    public override string ToString() => $"{Database.Database} at {Database.Host}:{Database.Port}";
}
