using Boottify.Apps;

namespace Boottify.Domains;

/// <summary>What a return to a release would do to its app's custom domains, if it is asked to return to those too; pure.</summary>
/// <param name="Added">The release had them and the app has not.</param>
/// <param name="Removed">The app has them and the release had not.</param>
public sealed record DomainChanges(IReadOnlyList<string> Added, IReadOnlyList<string> Removed)
{
    /// <param name="now">The domains that the app has, those that wait included.</param>
    /// <param name="askedAt">When the return was asked for: what was added since was shown to nobody as removed, and stays. Null for now.</param>
    public static DomainChanges Of(Release release, IReadOnlyCollection<Domain> now, DateTimeOffset? askedAt = null)
    {
        var then = release.Domains ?? Guess(release, now);
        var has = now.Select(d => d.Host).ToList();
        return new(
            [.. then.Except(has, StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            [.. now.Where(d => !(d.AddedAt > askedAt)).Select(d => d.Host).Except(then, StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }

    /// <summary>
    /// A release from before this was recorded had at least those that were published with it, behind the platform's own name, and
    /// of those that there are now the ones that were there first. So nothing goes that may have been its.
    /// </summary>
    private static IEnumerable<string> Guess(Release release, IReadOnlyCollection<Domain> now) =>
        (release.Hosts ?? []).Skip(1).Concat(now.Where(d => d.AddedAt <= release.At).Select(d => d.Host));
}
