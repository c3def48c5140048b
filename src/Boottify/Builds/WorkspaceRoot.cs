namespace Boottify.Builds;

/// <summary>
/// This process's own folder, <c>builds/{process}</c>: two nodes on one machine, as while one replaces the other, never work in
/// each other's files. A lock that the system frees with the process, <c>nodes/{process}.lock</c>, tells whether its owner lives.
/// </summary>
internal sealed class WorkspaceRoot(BuildSettings settings, TimeProvider time) : IDisposable
{
    /// <summary>For folders that no lock speaks of: an older Boottify may still work there.</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromHours(6);

    private readonly string name = Guid.NewGuid().ToString("N");
    private readonly Lock opening = new();
    private FileStream? mine;

    private string Nodes => Path.Combine(settings.DataFolder, "nodes");

    /// <summary>The folder, made and locked at its first use.</summary>
    public string Open()
    {
        var folder = Path.Combine(settings.WorkspaceRoot, name);
        lock (opening)
        {
            if (mine is null)
            {
                Directory.CreateDirectory(Nodes);
                mine = new FileStream(LockOf(name), FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
                RemoveThoseOfTheDead();
            }
        }

        Directory.CreateDirectory(folder);
        return folder;
    }

    /// <summary>Removes what processes left that were killed.</summary>
    public void RemoveThoseOfTheDead()
    {
        if (!Directory.Exists(settings.WorkspaceRoot))
            return;
        foreach (var folder in new DirectoryInfo(settings.WorkspaceRoot).EnumerateDirectories())
        {
            if (!string.Equals(folder.Name, name, StringComparison.Ordinal) && IsAbandoned(folder))
                Delete(folder.FullName);
        }
    }

    public void Dispose()
    {
        Delete(Path.Combine(settings.WorkspaceRoot, name));
        mine?.Dispose();
    }

    /// <summary>Another process may delete the same folder at this moment.</summary>
    public static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }

    private string LockOf(string process) => Path.Combine(Nodes, $"{process}.lock");

    private bool IsAbandoned(DirectoryInfo folder)
    {
        try
        {
            using var dead = new FileStream(LockOf(folder.Name), FileMode.Open, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return time.GetUtcNow().UtcDateTime - folder.CreationTimeUtc > Stale;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
