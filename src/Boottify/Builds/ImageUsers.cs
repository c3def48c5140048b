using System.Globalization;

namespace Boottify.Builds;

internal static class ImageUsers
{
    /// <summary>Whether an image would run as root: it names no user, root, or one by a name that only the image itself could translate.</summary>
    /// <param name="user">As in the image: <c>user</c> or <c>user:group</c>.</param>
    public static bool IsRoot(string? user)
    {
        var name = (user ?? "").Split(':')[0].Trim();
        return !long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id == 0;
    }
}
