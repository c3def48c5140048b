namespace Boottify.Databases;

/// <summary>The border to the PostgreSQL server that holds the apps' own databases.</summary>
public interface IAppDatabases
{
    /// <summary>
    /// Makes the database and its login role if missing and sets the role's password; safe to repeat. The role may connect
    /// to this database only, owns it, and has a connection limit; PUBLIC may not connect.
    /// </summary>
    /// <returns>The URL that the app's pods connect with: <see cref="UrlOf"/>.</returns>
    Task<string> EnsureAsync(string database, string role, string password, CancellationToken cancellation);

    /// <summary>The URL that the app's pods connect with, whether or not the database is there yet.</summary>
    string UrlOf(string database, string role, string password);

    /// <summary>Ends its sessions, drops database and role; both may be gone already.</summary>
    Task DropAsync(string database, string role, CancellationToken cancellation);

    /// <summary>The databases that follow the apps' naming (<c>app_…</c>); several platforms may share the server.</summary>
    Task<IReadOnlyList<AppDatabase>> ListAsync(CancellationToken cancellation);
}

/// <param name="Instance">The platform that made it, as <see cref="IAppDatabases.EnsureAsync"/> has noted on it; null when nobody has.</param>
/// <param name="Ours">This platform made it.</param>
public sealed record AppDatabase(string Name, string? Instance, bool Ours);
