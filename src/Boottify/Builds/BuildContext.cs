using System.Formats.Tar;
using System.IO.Pipelines;
using System.Text;

namespace Boottify.Builds;

/// <summary>
/// The tar stream that the Docker Engine builds from, written while it is read, so that no size of it is held in memory.
/// Owners and times are the same for each commit: they never spoil the layer cache.
/// </summary>
internal static class BuildContext
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <param name="folder">What the app's folder holds; <c>.git</c> and what its .dockerignore names stay out.</param>
    /// <param name="added">Files of ours by name; they win over the app's.</param>
    public static async Task<T> StreamAsync<T>(
        SourceFolder folder, IReadOnlyDictionary<string, string> added, Func<Stream, Task<T>> use, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19));
        var writing = WriteToPipeAsync(pipe.Writer, folder, added, stop.Token);
        try
        {
            return await use(pipe.Reader.AsStream(leaveOpen: true));
        }
        finally
        {
            await stop.CancelAsync();
            await pipe.Reader.CompleteAsync();
            await writing;
        }
    }

    /// <summary>Writes the whole tar.</summary>
    public static async Task WriteAsync(
        Stream target, SourceFolder folder, IReadOnlyDictionary<string, string> added, CancellationToken cancellation)
    {
        var own = added.Count == 0;
        var ignore = new DockerIgnore(folder.Read(".dockerignore"), own ? [".git"] : [".git", "node_modules", ".next", Dockerfiles.Folder]);
        await using var tar = new TarWriter(target, TarEntryFormat.Pax, leaveOpen: true);
        foreach (var entry in Entries(new DirectoryInfo(folder.Path), "", ignore, keepControlFiles: own))
            await WriteEntryAsync(tar, entry.File, entry.Name, cancellation);

        foreach (var (name, text) in added)
            await WriteTextAsync(tar, name, text, cancellation);
        // The engine takes out of the context what this names, once it has read it: no COPY brings our own files into an image.
        if (!own)
            await WriteTextAsync(tar, ".dockerignore", $".dockerignore\n{Dockerfiles.FileName}\n", cancellation);
    }

    private static async Task WriteToPipeAsync(
        PipeWriter pipe, SourceFolder folder, IReadOnlyDictionary<string, string> added, CancellationToken cancellation)
    {
        try
        {
            await WriteAsync(pipe.AsStream(leaveOpen: true), folder, added, cancellation);
            await pipe.CompleteAsync();
        }
        catch (Exception fault)
        {
            // The one who reads the stream gets it.
            await pipe.CompleteAsync(fault);
        }
    }

    private static IEnumerable<(FileSystemInfo File, string Name)> Entries(DirectoryInfo folder, string prefix, DockerIgnore ignore, bool keepControlFiles)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos().OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            var name = prefix + entry.Name;
            // The engine needs these two even when they are left out of the image.
            var leftOut = ignore.LeavesOut(name) && !(keepControlFiles && name is "Dockerfile" or ".dockerignore");
            if (!keepControlFiles && name is ".dockerignore")
                continue;
            var isFolder = entry is DirectoryInfo { LinkTarget: null };
            if (!leftOut)
                yield return (entry, name);
            if (!isFolder || (leftOut && !ignore.TakesBack))
                continue;
            foreach (var below in Entries((DirectoryInfo)entry, name + "/", ignore, keepControlFiles))
                yield return below;
        }
    }

    private static async Task WriteEntryAsync(TarWriter tar, FileSystemInfo file, string name, CancellationToken cancellation)
    {
        if (file.LinkTarget is { } target)
        {
            await tar.WriteEntryAsync(Entry(TarEntryType.SymbolicLink, name, Readable | Executable, entry => entry.LinkName = target), cancellation);
        }
        else if (file is DirectoryInfo)
        {
            await tar.WriteEntryAsync(Entry(TarEntryType.Directory, name + "/", Readable | Executable), cancellation);
        }
        else
        {
            await using var content = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024, FileOptions.Asynchronous);
            var mode = Readable | (file.UnixFileMode & Executable);
            await tar.WriteEntryAsync(Entry(TarEntryType.RegularFile, name, mode, entry => entry.DataStream = content), cancellation);
        }
    }

    private static async Task WriteTextAsync(TarWriter tar, string name, string text, CancellationToken cancellation)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await tar.WriteEntryAsync(Entry(TarEntryType.RegularFile, name, Readable, entry => entry.DataStream = content), cancellation);
    }

    private static PaxTarEntry Entry(TarEntryType type, string name, UnixFileMode mode, Action<PaxTarEntry>? more = null)
    {
        var entry = new PaxTarEntry(type, name) { Mode = mode, ModificationTime = DateTimeOffset.UnixEpoch.AddYears(30), Uid = 0, Gid = 0 };
        more?.Invoke(entry);
        return entry;
    }
}
