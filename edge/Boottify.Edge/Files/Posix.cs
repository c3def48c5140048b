using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Boottify.Edge.Files;

/// <summary>The few system calls that .NET has no name for.</summary>
internal static partial class Posix
{
    public const int HangUp = 1;
    public const int UserOne = 10;
    public const int Terminate = 15;

    public static bool IsRoot => GetEffectiveUser() == 0;

    /// <summary>False when there is no such process (any more).</summary>
    public static bool Signal(int pid, int signal) => Kill(pid, signal) == 0;

    /// <summary>Gives a path to a group, leaving its owner alone.</summary>
    public static void ChangeGroup(string path, uint group)
    {
        if (ChangeOwner(path, uint.MaxValue, group) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), $"chgrp of {path} failed");
    }

    /// <summary>Makes a rename inside the folder survive a power cut.</summary>
    public static void SyncFolder(string path)
    {
        const int readOnlyDirectory = 0x10000; // O_RDONLY | O_DIRECTORY
        var descriptor = Open(path, readOnlyDirectory);
        if (descriptor < 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), $"cannot open the folder {path}");
        try
        {
            if (Sync(descriptor) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), $"fsync of {path} failed");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Replaces a link to a folder in one step, which <see cref="File.Move(string, string, bool)"/> takes for a folder and refuses.</summary>
    public static void Rename(string from, string to)
    {
        if (RenamePath(from, to) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), $"renaming {from} to {to} failed");
    }

    /// <summary>The number of a user's own group, or null if the machine has no such user.</summary>
    public static uint? GroupOf(string user) =>
        File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3 && fields[0] == user)
            .Select(fields => (uint?)uint.Parse(fields[3])).FirstOrDefault();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenamePath(string from, string to);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
