using JasperFx.Events;
using Marten.Events.Projections;

namespace Boottify.Logs;

/// <summary>Indexes each batch of lines in the transaction that stores it.</summary>
public sealed partial class LogChunkProjection : EventProjection
{
    public static LogChunk Create(IEvent<LogLinesAppended> e)
    {
        var lines = e.Data.Lines;
        return new LogChunk($"{e.Data.DeploymentId}/{lines[0].N}", e.Data.DeploymentId, lines[0].N, lines[^1].N, e.Version);
    }
}
