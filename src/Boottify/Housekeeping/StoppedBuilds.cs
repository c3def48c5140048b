using Boottify.Access;
using Marten;

namespace Boottify.Housekeeping;

/// <summary>Whether the disks of all nodes keep new builds waiting.</summary>
public static class StoppedBuilds
{
    /// <summary>A node that has said nothing for so long is gone.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    /// <summary>For everyone but the platform's administrators: nodes and paths are not theirs to know, or to mend.</summary>
    public const string PlainWords = "Builds are stopped: a disk of the platform is nearly full. They go on by themselves once its administrators have made room.";

    /// <returns>Why no node takes new builds; null when at least one does, or none has said anything.</returns>
    public static async Task<string?> WhyAsync(IQuerySession session, Caller caller, DateTimeOffset now, CancellationToken cancellation)
    {
        var since = now - Silence;
        var nodes = await session.Query<NodeDisks>().Where(n => n.At > since).ToListAsync(cancellation);
        if (nodes.Count == 0 || nodes.Any(n => n.BuildsStopped is null))
            return null;
        return caller.Role == Role.Administrator ? string.Join(" ", nodes.Select(n => n.BuildsStopped)) : PlainWords;
    }
}
