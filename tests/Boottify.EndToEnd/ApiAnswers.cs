using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Boottify.EndToEnd;

/// <summary>What the HTTP interface answers, as far as tests read it.</summary>
public sealed record CreatedApp(string Id, string Name, string Host, string Namespace, CreatedWebhook Webhook);

public sealed record CreatedWebhook(string Url, string Secret);

public sealed record Accepted(string Id, string Status, string? Commit);

public sealed record Deployment(
    string Id, string AppId, string Status, string? Commit, string? Error, DeployedImage? Image, int? Release, string? Url, IReadOnlyList<DeploymentStep> Steps,
    string? SupersededBy = null, string? WaitingFor = null, long? QueuePosition = null, string? Reason = null)
{
    private static readonly string[] Ends = ["succeeded", "failed", "rolledBack", "cancelled", "superseded"];

    public bool Ended => Ends.Contains(Status);
}

/// <summary>A page of a list.</summary>
public sealed record Listed<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>An error as RFC 9457 has it.</summary>
public sealed record Problem(int? Status, string? Title, string? Detail);

public sealed record DeployedImage(string? Reference, string? Digest, long? SizeBytes);

public sealed record DeploymentStep(string Name, string Status, int Attempt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, string? Error);

public sealed record LogPage(IReadOnlyList<LogLine> Lines, JsonElement Next);

public sealed record LogLine(long N, DateTimeOffset At, string? Step, string? Stream, string Text);

public static class ApiAnswers
{
    /// <summary>The body as <typeparamref name="T"/>; any other status fails with the body in the message.</summary>
    public static async Task<T> ReadAsync<T>(this HttpResponseMessage response, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using (response)
        {
            if (response.StatusCode != expected)
            {
                throw new InvalidOperationException(
                    $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri?.PathAndQuery} answered {(int)response.StatusCode}, "
                    + $"not {(int)expected}: {await response.Content.ReadAsStringAsync()}");
            }

            return await response.Content.ReadFromJsonAsync<T>()
                ?? throw new InvalidOperationException($"{response.RequestMessage?.RequestUri?.PathAndQuery} answered nothing.");
        }
    }
}
