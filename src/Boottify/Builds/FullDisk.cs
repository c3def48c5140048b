using Boottify.Deployments;

namespace Boottify.Builds;

/// <summary>A full disk, told as what it is, wherever it shows: in our own writes, in git's words, or in the engine's.</summary>
internal static class FullDisk
{
    /// <summary>The system's own, which programs repeat.</summary>
    public const string Words = "No space left on device";

    private const int NoSpace = 28;

    /// <exception cref="StepException">The work failed because a disk is full; trying again would not help.</exception>
    public static async Task<T> InWordsAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception fault) when (Is(fault))
        {
            throw new StepException(
                "The disk of the machine that builds is full. Ask whoever runs this platform to free some (BOOTTIFY_DATA and the Docker Engine's folder), then deploy again.", fault);
        }
    }

    public static bool Is(Exception? fault)
    {
        for (; fault is not null; fault = fault.InnerException)
        {
            if ((fault is IOException && (fault.HResult & 0xFFFF) == NoSpace) || fault.Message.Contains(Words, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
