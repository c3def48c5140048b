using System.Security.Cryptography;
using Npgsql;

namespace Boottify.Edge.Peers;

/// <summary>The tables that edges share, made by whichever comes first. All times are the database's own, so that no edge's clock matters.</summary>
internal static class Schema
{
    private const string Place = "seal";
    private const string Known = "boottify-edge";

    private const string Tables = """
        select pg_advisory_xact_lock(hashtextextended('boottify_edge', 0));
        do $$ begin
          if to_regnamespace('boottify_edge') is null then create schema boottify_edge; end if;
        end $$;
        create table if not exists boottify_edge.seal (one boolean primary key default true check (one), sealed bytea not null);
        create table if not exists boottify_edge.challenges (
          host text not null, token text not null, sealed bytea not null, expires_at timestamptz not null, primary key (host, token));
        create table if not exists boottify_edge.leases (name text primary key, node text not null, until timestamptz not null);
        create table if not exists boottify_edge.certificates (
          name text primary key, serial text not null, replaces text, not_before timestamptz not null, not_after timestamptz not null,
          revoked boolean not null default false, sealed bytea not null, updated_at timestamptz not null, served_at timestamptz not null);
        create index if not exists certificates_updated_at on boottify_edge.certificates (updated_at);
        create table if not exists boottify_edge.troubles (
          name text primary key, serial text not null, trouble text not null, clock timestamptz not null, updated_at timestamptz not null);
        create table if not exists boottify_edge.hurries (name text primary key, at timestamptz not null);
        create table if not exists boottify_edge.uses (
          id text primary key, authority text not null, kind text not null, key text not null, at timestamptz not null, put_at timestamptz not null);
        create index if not exists uses_put_at on boottify_edge.uses (put_at);
        """;

    /// <summary>Makes what is missing, and looks whether the other edges have the same key. Repeating it, and doing it at once on several edges, is harmless.</summary>
    /// <exception cref="PeersAwayException">They have another one; the message says what to do.</exception>
    public static async Task PrepareAsync(NpgsqlConnection connection, Seal seal, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using (var tables = new NpgsqlCommand(Tables, connection, transaction)) await tables.ExecuteNonQueryAsync(cancellation);
        await using (var first = connection.Ask("insert into boottify_edge.seal (sealed) values ($1) on conflict do nothing", [seal.Close(Known, Place)]))
            await first.ExecuteNonQueryAsync(cancellation);
        await using var look = connection.Ask("select sealed from boottify_edge.seal");
        var sealedByOthers = (byte[])(await look.ExecuteScalarAsync(cancellation))!;
        await transaction.CommitAsync(cancellation);
        try
        {
            seal.Open(sealedByOthers, Place);
        }
        catch (CryptographicException)
        {
            throw new PeersAwayException("BOOTTIFY_EDGE_KEY is not the key that the other edges on this database have. Set the same on all of them; until then this edge serves by itself.");
        }
    }

    public static NpgsqlCommand Ask(this NpgsqlConnection connection, string sql, IReadOnlyList<object>? values = null)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values ?? []) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}
