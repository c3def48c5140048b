using Boottify.Deployments;

namespace Boottify.Logs;

/// <param name="N">1, 2, 3 … within the deployment, without gaps.</param>
/// <param name="At">When it was written.</param>
public sealed record LogLine(long N, DateTimeOffset At, Step Step, LogOrigin Stream, string Text);

/// <summary>A batch of lines, appended to the deployment's companion stream.</summary>
/// <param name="Writer">The run that wrote it; tells a repeated write from another node's.</param>
public sealed record LogLinesAppended(string DeploymentId, string Writer, IReadOnlyList<LogLine> Lines);

/// <summary>Where a range of lines is in the companion stream: what makes any page of a long log one look-up.</summary>
/// <param name="Id">The deployment and the first line's number.</param>
/// <param name="Version">Version of the event that holds them.</param>
public sealed record LogChunk(string Id, string DeploymentId, long First, long Last, long Version);
