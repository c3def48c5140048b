using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace Boottify.Cli;

/// <summary>Follows a deployment's stream to its end, over any number of cut connections, and prints each line once.</summary>
internal static class Follower
{
    private const int MostRetries = 20;

    /// <returns>The command's exit code: 0 when the deployment succeeded, else 1.</returns>
    public static async Task<int> FollowAsync(Api api, string deployment, CancellationToken cancellation)
    {
        string? position = null;
        for (var retries = 0; retries < MostRetries; retries++)
        {
            try
            {
                using var answer = await api.StreamAsync($"api/deployments/{Uri.EscapeDataString(deployment)}/stream", position, cancellation);
                await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
                await foreach (var item in SseParser.Create(body).EnumerateAsync(cancellation))
                {
                    if (string.Equals(item.EventType, "end", StringComparison.Ordinal))
                        return End(JsonSerializer.Deserialize<JsonElement>(item.Data));
                    Print(item);
                    position = item.EventId is { Length: > 0 } id ? id : position;
                    retries = 0;
                }
            }
            catch (Exception e) when (e is IOException or HttpRequestException && !cancellation.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("The connection was cut; going on from where it was.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(5_000, 200 << Math.Min(retries, 5)) + Random.Shared.Next(200)), cancellation);
        }

        throw new CliException("the platform does not answer any more.");
    }

    private static void Print(SseItem<string> item)
    {
        var data = JsonSerializer.Deserialize<JsonElement>(item.Data);
        if (string.Equals(item.EventType, "log", StringComparison.Ordinal))
        {
            foreach (var line in data.GetProperty("lines").EnumerateArray())
                Console.WriteLine($"  {Printable(line.GetProperty("text").GetString()!)}");
        }
        else if (string.Equals(item.EventType, "step", StringComparison.Ordinal))
        {
            var seconds = data.GetProperty("durationMs") is { ValueKind: JsonValueKind.Number } ms ? $" {ms.GetInt64() / 1000.0:0.0} s" : "";
            Console.WriteLine($"{data.GetProperty("step").GetString()} {data.GetProperty("status").GetString()}{seconds}");
        }
    }

    private static int End(JsonElement end)
    {
        var status = end.GetProperty("status").GetString();
        Console.WriteLine(end.GetProperty("error").GetString() is { } error ? $"{status}: {Printable(error)}" : status);
        return string.Equals(status, "succeeded", StringComparison.Ordinal) ? 0 : 1;
    }

    /// <summary>A build's output must not steer the reader's terminal.</summary>
    private static string Printable(string text)
    {
        if (!text.Any(char.IsControl))
            return text;
        var clean = new StringBuilder(text.Length);
        foreach (var c in text)
            clean.Append(char.IsControl(c) && c != '\t' ? '\uFFFD' : c);
        return clean.ToString();
    }
}
