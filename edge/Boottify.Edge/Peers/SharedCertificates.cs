using System.Collections.Concurrent;
using System.Security.Cryptography;
using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;
using Npgsql;

namespace Boottify.Edge.Peers;

/// <summary>
/// The certificates that edges on one database have in common: the newest of each name, sealed. What is read is checked as if a
/// certificate authority had sent it. Each change wakes the other edges (<see cref="Channel"/>).
/// </summary>
public sealed class SharedCertificates(SharedDatabase database, Seal seal, TimeProvider clock, ILogger<SharedCertificates> log)
{
    public const string Channel = "boottify_edge";
    private const string Columns = "name, serial, replaces, not_before, not_after, revoked";
    private static readonly TimeSpan s_markTime = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, byte> _withdrawn = new();

    /// <summary>Puts one there, unless a newer one is: a certificate takes the place of the one that it replaces, of one that is over, or that was issued earlier.</summary>
    /// <exception cref="PeersAwayException">The others do not learn of it now.</exception>
    public async Task PutAsync(CertificateName name, PublishedCertificate certificate, string pem, string? replaces, CancellationToken cancellation) => await database.TellAsync($"""
        with put as (
          insert into boottify_edge.certificates as held (name, serial, replaces, not_before, not_after, sealed, updated_at, served_at)
          values ($1, $2, nullif($3, ''), $4, $5, $6, clock_timestamp(), now())
          on conflict (name) do update set serial = excluded.serial, replaces = excluded.replaces, not_before = excluded.not_before, not_after = excluded.not_after,
            revoked = false, sealed = excluded.sealed, updated_at = excluded.updated_at, served_at = excluded.served_at
          where held.serial <> excluded.serial and (held.serial = excluded.replaces or held.not_after < now()
            or (excluded.not_before, excluded.not_after, excluded.serial collate "C") > (held.not_before, held.not_after, held.serial collate "C"))
          returning name)
        select pg_notify('{Channel}', name) from put
        """,
        [name.ToString(), certificate.Serial, replaces ?? "", certificate.NotBefore.UtcDateTime, certificate.NotAfter.UtcDateTime, seal.Close(pem, PlaceOf(name, certificate.Serial))], cancellation);

    /// <summary>One that is better than the edge's own and not due itself, checked and safe to publish; null if there is none.</summary>
    /// <param name="mine">The one that the edge has.</param>
    /// <param name="revoked">Serial of one that must not come back.</param>
    /// <exception cref="PeersAwayException">Nobody can say.</exception>
    public async Task<(PublishedCertificate Certificate, string Pem)?> FindAsync(CertificateName name, PublishedCertificate? mine, string? revoked, CancellationToken cancellation)
    {
        var found = await database.AskAsync(async (connection, ending) =>
        {
            await using var command = connection.Ask($"select {Columns}, sealed from boottify_edge.certificates where name = $1", [name.ToString()]);
            await using var rows = await command.ExecuteReaderAsync(ending);
            return await rows.ReadAsync(ending) ? (Of(rows), rows.GetFieldValue<byte[]>(6)) : ((SharedCertificate, byte[])?)null;
        }, cancellation);
        if (found is not ({ } row, { } closed) || row.Serial == revoked || !row.GoesBefore(name, mine, clock.GetUtcNow())) return null;
        try
        {
            var pem = seal.Open(closed, PlaceOf(name, row.Serial));
            var (certificate, checkedPem) = PublishedCertificate.Check(new IssuedCertificate(pem, pem), name, clock.GetUtcNow());
            if (certificate.Serial != row.Serial || RenewalPolicy.RenewAt(name, certificate) <= clock.GetUtcNow()) return null;
            return Uri.TryCreate(IssuerNote.Read(pem), UriKind.Absolute, out var authority)
                ? (certificate with { Authority = authority.AbsoluteUri }, IssuerNote.Write(authority, checkedPem))
                : (certificate, checkedPem);
        }
        catch (Exception e) when (e is CryptographicException or AcmeException or ArgumentException)
        {
            log.LogError("The certificate of {Name} that another edge has put into the database cannot be used: {Problem}", name, e.Message);
            return null;
        }
    }

    /// <summary>Which there are.</summary>
    /// <param name="names">Null for all that were put or marked since.</param>
    public Task<IReadOnlyDictionary<string, SharedCertificate>> ListAsync(IReadOnlyCollection<string>? names, DateTimeOffset since, CancellationToken cancellation) =>
        database.AskAsync<IReadOnlyDictionary<string, SharedCertificate>>(async (connection, ending) =>
        {
            var all = new Dictionary<string, SharedCertificate>(StringComparer.Ordinal);
            await using var command = names is null
                ? connection.Ask($"select {Columns} from boottify_edge.certificates where updated_at >= $1", [since.UtcDateTime])
                : connection.Ask($"select {Columns} from boottify_edge.certificates where name = any($1)", [names.ToArray()]);
            await using var rows = await command.ExecuteReaderAsync(ending);
            while (await rows.ReadAsync(ending)) all[rows.GetString(0)] = Of(rows);
            return all;
        }, cancellation);

    /// <summary>From its return on, no edge takes that one, and those that serve it replace it. Tried once: the edge that revoked it replaces it whatever the others know.</summary>
    public async Task MarkRevokedAsync(CertificateName name, string serial)
    {
        try
        {
            await database.TellAsync($"""
                with marked as (update boottify_edge.certificates set revoked = true, updated_at = clock_timestamp() where name = $1 and serial = $2 and not revoked returning name)
                select pg_notify('{Channel}', name) from marked
                """, [name.ToString(), serial], CancellationToken.None, s_markTime);
        }
        catch (PeersAwayException e)
        {
            log.LogWarning("The other edges are not told that the certificate of {Name} is to be replaced, but they will get the new one: {Reason}", name, e.Message);
        }
    }

    /// <summary>This edge serves the name no longer: its certificate is removed soon. An edge that still serves it puts its own back.</summary>
    public void Withdraw(CertificateName name) => _withdrawn[name.ToString()] = 0;

    /// <exception cref="PeersAwayException">Later, then.</exception>
    public async Task RemoveWithdrawnAsync(IReadOnlyCollection<string> served, CancellationToken cancellation)
    {
        foreach (var name in _withdrawn.Keys)
        {
            // Wanted again meanwhile: it stays.
            if (!served.Contains(name))
                await database.TellAsync($"with gone as (delete from boottify_edge.certificates where name = $1 returning name) select pg_notify('{Channel}', name) from gone", [name], cancellation);
            _withdrawn.TryRemove(name, out _);
        }
    }

    private static SharedCertificate Of(NpgsqlDataReader row) => new(row.GetString(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2),
        row.GetFieldValue<DateTimeOffset>(3), row.GetFieldValue<DateTimeOffset>(4), row.GetBoolean(5));

    private static string PlaceOf(CertificateName name, string serial) => $"certificates/{name}/{serial}";
}
