namespace Boottify.Databases;

/// <summary>The border to the PostgreSQL server that holds the apps' own databases.</summary>
public interface IAppDatabases
{
    /// <summary>
    /// Makes the database and its login role if missing and sets the role's password; safe to repeat. The role may connect
    /// to this database only, owns it, and has a connection limit; PUBLIC may not connect.
    /// </summary>
    /// <returns>The URL that the app's pods connect with.</returns>
    Task<string> EnsureAsync(string database, string role, string password, CancellationToken cancellation);

    /// <summary>Ends its sessions, drops database and role; both may be gone already.</summary>
    Task DropAsync(string database, string role, CancellationToken cancellation);

    /// <summary>Names of the databases that follow the apps' naming (<c>app_…</c>).</summary>
    Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellation);
}
