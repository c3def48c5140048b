using System.Text;
using Boottify.Deployments;

namespace Boottify.Builds;

/// <summary>
/// The folder of a commit that is built. What is read here is read on the platform's own machine, so no symbolic link is ever
/// followed: a commit could point one anywhere.
/// </summary>
internal sealed class SourceFolder
{
    private const long LargestText = 2 << 20;

    private SourceFolder(string path, string shown)
    {
        Path = path;
        Shown = shown;
    }

    public string Path { get; }

    /// <summary>As the user knows it.</summary>
    public string Shown { get; }

    /// <param name="root">The commit's files.</param>
    /// <param name="directory">Below it, as the app's settings say; empty for the root.</param>
    /// <exception cref="StepException">No such folder in the commit.</exception>
    public static SourceFolder Open(string root, string directory)
    {
        var path = root;
        foreach (var part in directory.Replace('\\', '/').Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part is ".")
                continue;
            if (part is ".." || part.Any(char.IsControl))
                throw new StepException($"The folder '{directory}' leads out of the repository. Name a folder inside of it.");
            path = System.IO.Path.Combine(path, part);
            var entry = new DirectoryInfo(path);
            if (entry.LinkTarget is not null)
                throw new StepException($"The folder '{directory}' is a symbolic link. Name the folder itself.");
            if (!entry.Exists)
                throw new StepException($"The commit has no folder '{directory}'. {Hint(root)}");
        }

        return new SourceFolder(path, directory.Trim('/') is { Length: > 0 } named ? $"folder '{named}'" : "repository's root");
    }

    public bool HasFile(string name) => new FileInfo(System.IO.Path.Combine(Path, name)) is { Exists: true, LinkTarget: null };

    public bool HasFolder(string name) => new DirectoryInfo(System.IO.Path.Combine(Path, name)) is { Exists: true, LinkTarget: null };

    /// <returns>The file's text, or null when there is no such file.</returns>
    /// <exception cref="StepException">It is a link, or far too large.</exception>
    public string? Read(string name)
    {
        var file = new FileInfo(System.IO.Path.Combine(Path, name));
        if (file.LinkTarget is not null)
            throw new StepException($"{name} is a symbolic link. Boottify reads only files of the repository itself: replace it by the file.");
        if (!file.Exists)
            return null;
        if (file.Length > LargestText)
            throw new StepException($"{name} is larger than {LargestText >> 20} MB.");
        return File.ReadAllText(file.FullName, Encoding.UTF8);
    }

    private static string Hint(string root)
    {
        var folders = new DirectoryInfo(root).EnumerateDirectories().Select(d => d.Name).Where(n => !n.StartsWith('.')).Order(StringComparer.Ordinal).Take(10).ToArray();
        return folders.Length == 0 ? "It has no folders at all." : $"Its folders are {string.Join(", ", folders)}.";
    }
}
