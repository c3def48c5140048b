using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Boottify.Logs;

namespace Boottify.Builds;

/// <param name="Last">When a build of this platform last used the image.</param>
/// <param name="Apps">Whose builds those were.</param>
public sealed record CacheUse(DateTimeOffset Last, IReadOnlySet<string> Apps);

/// <summary>
/// When this platform's builds last used the engine's intermediate images; the engine itself remembers only when it made them.
/// One file an image, <c>cache/{id}</c> beside the workspaces: its time is the last use, its lines are the apps.
/// It also proves whose an image is: one that has no file here is never removed as cache.
/// </summary>
/// <remarks>
/// The ids come from the engine's own messages at the end of each stage, which a build's output cannot forge. Writing is best
/// effort: a lost note costs a place in the order of removal, never a build.
/// </remarks>
internal sealed partial class CacheUses(BuildSettings settings, TimeProvider time, ILogger<CacheUses> log)
{
    private const string Prefix = "sha256:";

    // What the builds that run in this process stand on right now: short ids, and how many builds said so.
    private readonly ConcurrentDictionary<string, int> standing = new(StringComparer.Ordinal);

    private string Folder => Path.Combine(settings.DataFolder, "cache");

    /// <summary>A build of the app has ended a stage with this image.</summary>
    public void Note(string imageId, string appId) => NoteUse(imageId, appId, time.GetUtcNow());

    /// <summary>A build of the app has used the image at that time.</summary>
    public void NoteUse(string imageId, string appId, DateTimeOffset at)
    {
        try
        {
            Put(imageId, new CacheUse(at, new HashSet<string>(StringComparer.Ordinal) { appId }));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The use of image {Image} as build cache could not be noted: {Reason}", imageId, e.Message);
        }
    }

    /// <summary>Adds to what is known of an image; the later use counts.</summary>
    public void Put(string imageId, CacheUse use)
    {
        if (!ImageId().IsMatch(imageId))
            return;
        var file = Path.Combine(Folder, imageId[Prefix.Length..]);
        Directory.CreateDirectory(Folder);
        var known = Read(file);
        var added = use.Apps.Where(app => known?.Apps.Contains(app) != true).ToList();
        if (known is not null && added.Count == 0 && use.Last <= known.Last)
            return;
        File.AppendAllLines(file, added);
        File.SetLastWriteTimeUtc(file, (known is null || use.Last > known.Last ? use.Last : known.Last).UtcDateTime);
    }

    public IReadOnlyDictionary<string, CacheUse> All()
    {
        var all = new Dictionary<string, CacheUse>(StringComparer.Ordinal);
        if (!Directory.Exists(Folder))
            return all;
        foreach (var file in Directory.EnumerateFiles(Folder))
        {
            if (Read(file) is { } use)
                all[Prefix + Path.GetFileName(file)] = use;
        }

        return all;
    }

    public void Forget(string imageId) => File.Delete(Path.Combine(Folder, imageId[Prefix.Length..]));

    /// <summary>Whether a build that runs in this process has named the image as what it stands on.</summary>
    public bool IsInUse(string imageId) => standing.ContainsKey(Short(imageId));

    /// <summary>Follows one build: until it is disposed, the images that its output names are in use.</summary>
    public Running Follow() => new(this);

    private static CacheUse? Read(string file)
    {
        try
        {
            return File.Exists(file)
                ? new CacheUse(new DateTimeOffset(File.GetLastWriteTimeUtc(file)), File.ReadAllLines(file).Where(line => line.Length > 0).ToHashSet(StringComparer.Ordinal))
                : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static string Short(string imageId) => imageId.StartsWith(Prefix, StringComparison.Ordinal) ? imageId[Prefix.Length..][..12] : imageId;

    [GeneratedRegex("^sha256:[0-9a-f]{64}$", RegexOptions.NonBacktracking)]
    private static partial Regex ImageId();

    [GeneratedRegex("^ ---> ([0-9a-f]{12})$", RegexOptions.NonBacktracking)]
    private static partial Regex Stands();

    /// <summary>A build's output may name images that it does not use: that only keeps them for as long as it runs.</summary>
    internal sealed class Running(CacheUses uses) : IDisposable
    {
        private const int Most = 1000;
        private readonly HashSet<string> named = new(StringComparer.Ordinal);

        /// <summary>The image that the build's last command was seen to run in.</summary>
        public string? RunsIn { get; set; }

        public void Saw(OutputLine line)
        {
            if (line.Origin == LogOrigin.System && named.Count < Most && Stands().Match(line.Text) is { Success: true } match && named.Add(match.Groups[1].Value))
                uses.standing.AddOrUpdate(match.Groups[1].Value, 1, (_, builds) => builds + 1);
        }

        public void Dispose()
        {
            foreach (var id in named)
            {
                if (uses.standing.AddOrUpdate(id, 0, (_, builds) => builds - 1) <= 0)
                    uses.standing.TryRemove(new KeyValuePair<string, int>(id, 0));
            }
        }
    }
}
