using System.Globalization;
using System.Text;
using Boottify.Access;

namespace Boottify.Logs;

public static class GetLogs
{
    private const int DefaultLimit = 1_000;
    private const int MostLines = 10_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/deployments/{deployment}/logs", PageAsync).Needs(Role.Viewer).WithName("GetDeploymentLog");
        api.MapGet("/deployments/{deployment}/logs.txt", TextAsync).Needs(Role.Viewer).WithName("GetDeploymentLogText");
    }

    /// <param name="after">Lines behind this number.</param>
    /// <param name="search">Only lines that hold this text, whatever the case.</param>
    private static async Task<LogPage> PageAsync(
        string deployment, long? after, int? limit, string? search, LogReader reader, CancellationToken cancellation)
    {
        var most = Math.Clamp(limit ?? DefaultLimit, 1, MostLines);
        var last = await reader.LastAsync(deployment, cancellation);
        var lines = new List<LogLine>();
        await foreach (var line in reader.ReadAsync(deployment, after ?? 0, cancellation))
        {
            if (!string.IsNullOrEmpty(search) && !line.Text.Contains(search, StringComparison.OrdinalIgnoreCase))
                continue;
            if (lines.Count == most)
                return new LogPage(lines, lines[^1].N, last);
            lines.Add(line);
        }

        return new LogPage(lines, null, Math.Max(last, lines.Count == 0 ? 0 : lines[^1].N));
    }

    private static IResult TextAsync(string deployment, LogReader reader, HttpContext context) =>
        Results.Stream(
            async body =>
            {
                await using var writer = new StreamWriter(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
                await foreach (var line in reader.ReadAsync(deployment, 0, context.RequestAborted))
                {
                    await writer.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture, $"{line.At:yyyy-MM-ddTHH:mm:ss.fffZ} [{line.Step.ToString().ToLowerInvariant()}] {line.Text}"));
                }
            },
            "text/plain; charset=utf-8");
}

/// <param name="Next">Pass it as <c>?after=</c> for the next page; null when this one reaches the end of what is stored.</param>
/// <param name="Last">Number of the last line that is stored so far.</param>
public sealed record LogPage(IReadOnlyList<LogLine> Lines, long? Next, long Last);
