using System.Text;

namespace Boottify.Edge.Files;

/// <summary>
/// Files that are either the old or the new one, whole, whenever the machine stops: written beside, fsynced, renamed,
/// and the folder fsynced. A crash half-way leaves a <c>*.new</c> file that the next write of the same name replaces.
/// </summary>
internal static class AtomicFile
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode GroupReadable = Private | UnixFileMode.GroupRead;

    /// <remarks>Callers write one path from one place at a time.</remarks>
    public static async Task WriteAsync(string path, string text, UnixFileMode mode, CancellationToken cancellation)
    {
        var next = path + ".new";
        File.Delete(next);
        await using (var stream = new FileStream(next, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = mode,
        }))
        {
            File.SetUnixFileMode(stream.SafeFileHandle, mode); // What it was made with is less under a strict umask.
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);
            stream.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
        Posix.SyncFolder(Path.GetDirectoryName(path)!);
    }
}
