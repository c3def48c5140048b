using System.Globalization;
using Boottify.Edge.Files;

namespace Boottify.Edge.Nginx;

/// <summary>
/// The rendered configurations on disk: a numbered folder each, and a link <c>current</c> to the one that nginx reads.
/// A crash while staging leaves a folder that nothing points to, and that a later <see cref="Prune"/> removes.
/// </summary>
public sealed class Generations(EdgeFolders folders)
{
    private const string FingerprintFile = "fingerprint";
    private const int Kept = 5;

    private string Root => Path.Combine(folders.Nginx, "generations");

    /// <summary>The path that nginx is started with; what it leads to changes under it.</summary>
    public string CurrentConfiguration => Path.Combine(folders.Nginx, "current", "nginx.conf");

    public string ConfigurationOf(long generation) => Path.Combine(FolderOf(generation), "nginx.conf");

    /// <summary>The generation that the link leads to, or null if there is none yet.</summary>
    public long? Current => new FileInfo(Link).LinkTarget is { } target
        && long.TryParse(Path.GetFileName(target), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Directory.Exists(FolderOf(number))
        ? number
        : null;

    public string? FingerprintOf(long generation)
    {
        var file = Path.Combine(FolderOf(generation), FingerprintFile);
        return File.Exists(file) ? File.ReadAllText(file) : null;
    }

    /// <summary>Writes a new generation beside the running one.</summary>
    public async Task<long> StageAsync(NginxConfiguration.Rendered rendered, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Root);
        var generation = All().DefaultIfEmpty().Max() + 1;
        Directory.CreateDirectory(FolderOf(generation));
        foreach (var (name, text) in rendered.Numbered(generation))
            await File.WriteAllTextAsync(Path.Combine(FolderOf(generation), name), text, cancellation);
        // Last, and synced: a folder without it was not written to its end.
        await AtomicFile.WriteAsync(Path.Combine(FolderOf(generation), FingerprintFile), rendered.Fingerprint, AtomicFile.Private, cancellation);
        return generation;
    }

    /// <summary>Lets nginx's next start or reload read that generation. Atomic.</summary>
    public void Select(long generation)
    {
        var next = Link + ".new";
        File.Delete(next);
        File.CreateSymbolicLink(next, Path.Combine("generations", generation.ToString(CultureInfo.InvariantCulture)));
        Posix.Rename(next, Link);
        Posix.SyncFolder(folders.Nginx);
    }

    public void Drop(long generation) => Directory.Delete(FolderOf(generation), recursive: true);

    /// <summary>Removes all but the latest few.</summary>
    public void Prune()
    {
        foreach (var old in All().Where(generation => generation != Current).OrderDescending().Skip(Kept - 1)) Drop(old);
    }

    private string Link => Path.Combine(folders.Nginx, "current");

    private string FolderOf(long generation) => Path.Combine(Root, generation.ToString(CultureInfo.InvariantCulture));

    private IEnumerable<long> All() => Directory.Exists(Root)
        ? Directory.EnumerateDirectories(Root).Select(path => long.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
        : [];
}
