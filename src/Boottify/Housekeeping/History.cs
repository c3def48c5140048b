using Boottify.Apps;
using Boottify.Deployments;

namespace Boottify.Housekeeping;

/// <summary>What the streams say, as far as it decides what may exist.</summary>
/// <param name="AsOf">When the look at the outside world began. The streams were read after it, so whatever was seen there has its deployment in here.</param>
public sealed record History(DateTimeOffset AsOf, IReadOnlyDictionary<string, KnownApp> Apps, IReadOnlyDictionary<string, Deployment> Deployments);

/// <param name="Hosts">The names that it answers under now, the platform's own first.</param>
/// <param name="Pinned">Digests that stay, see <see cref="PinnedImages"/>.</param>
/// <param name="Open">Deployments that have not ended.</param>
/// <param name="OwnDatabase">Its users gave it a database of their own.</param>
public sealed record KnownApp(
    string Id, IReadOnlyList<string> Hosts, AppNames Names, DateTimeOffset? DeletionRequestedAt, DateTimeOffset? DeletedAt, Release? Release,
    IReadOnlySet<string> Pinned, IReadOnlySet<string> Open, bool OwnDatabase)
{
    public string Host => Hosts[0];

    public bool Alive => DeletionRequestedAt is null;

    public static KnownApp Of(App app, IEnumerable<Deployment> open, string domain, DateTimeOffset asOf, TimeSpan grace)
    {
        var running = open.ToList();
        return new KnownApp(
            app.Id, app.Hosts(domain), app.Names, app.DeletionRequestedAt, app.DeletedAt, app.CurrentRelease, PinnedImages.Of(app, running, asOf, grace),
            running.Select(d => d.Id).ToHashSet(StringComparer.Ordinal), app.Environment.ContainsKey("DATABASE_URL"));
    }
}
