using Boottify.Databases;

namespace Boottify.Housekeeping.Kinds;

/// <summary>The apps' databases; each says in a note of its own which platform made it.</summary>
internal sealed class DatabaseKeeper(IAppDatabases databases) : Keeper
{
    private const string Prefix = "app_";

    public override Kind Kind => Kind.Database;

    public override bool EachAppHasOne => true;

    public override async Task<IReadOnlyList<Found>> ListAsync(CancellationToken cancellation) =>
    [
        .. (await databases.ListAsync(cancellation)).Select(d => new Found(Kind.Database, d.Name, d.Name[Prefix.Length..])
        {
            Mark = d.Ours ? Mark.Ours : d.Instance is null ? Mark.None : Mark.Others,
        }),
    ];

    public override async Task<string?> RemoveAsync(Found found, CancellationToken cancellation)
    {
        // The role has the database's name.
        await databases.DropAsync(found.Name, found.Name, cancellation);
        return null;
    }
}
