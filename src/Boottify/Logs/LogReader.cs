using Marten;

namespace Boottify.Logs;

/// <summary>Reads stored lines by number: the same bytes for a live follower, a late one, and an auditor.</summary>
public sealed class LogReader(IDocumentStore store)
{
    /// <summary>Number of the last stored line; 0 when there is none.</summary>
    public async Task<long> LastAsync(string deploymentId, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var last = await session.Query<LogChunk>().Where(c => c.DeploymentId == deploymentId).OrderByDescending(c => c.Last).FirstOrDefaultAsync(cancellation);
        return last?.Last ?? 0;
    }

    /// <summary>Lines in their order, from the one behind <paramref name="after"/>; as many as are stored when it gets there.</summary>
    public async IAsyncEnumerable<LogLine> ReadAsync(
        string deploymentId, long after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        const int mostChunks = 16;
        // Few at first, since most callers want one page.
        var chunksAtOnce = 2;
        await using var session = store.QuerySession();
        while (true)
        {
            var from = after;
            var chunks = await session.Query<LogChunk>()
                .Where(c => c.DeploymentId == deploymentId && c.Last > from)
                .OrderBy(c => c.Last).Take(chunksAtOnce).ToListAsync(cancellation);
            if (chunks.Count == 0)
                yield break;

            var events = await session.Events.FetchStreamAsync(
                DeploymentLog.StreamOf(deploymentId), chunks[^1].Version, fromVersion: chunks[0].Version, token: cancellation);
            chunksAtOnce = Math.Min(mostChunks, chunksAtOnce * 2);
            foreach (var line in events.Select(e => e.Data).OfType<LogLinesAppended>().SelectMany(batch => batch.Lines))
            {
                if (line.N <= after)
                    continue;
                yield return line;
                after = line.N;
            }
        }
    }
}
