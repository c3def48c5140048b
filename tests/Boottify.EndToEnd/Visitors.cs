namespace Boottify.EndToEnd;

/// <summary>What visitors got: how many answers, each different one with its count, and what went wrong.</summary>
public sealed record Visits(int Requests, IReadOnlyDictionary<string, int> Answers, IReadOnlyList<string> Failures);

/// <summary>
/// Two visitors who ask an app through the edge all the time: one over a connection that stays open, one over a new connection
/// for each request. Anything but 200 is a failure.
/// </summary>
public sealed class Visitors : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private readonly CancellationTokenSource leave = new();
    private readonly Lock noting = new();
    private readonly Dictionary<string, int> answers = new(StringComparer.Ordinal);
    private readonly List<string> failures = [];
    private readonly Task visiting;
    private int requests;

    public Visitors(DeployableApp app)
    {
        var address = new Uri($"https://{app.Host}/");
        visiting = Task.WhenAll(VisitAsync(address, keepAlive: true), VisitAsync(address, keepAlive: false));
    }

    public async Task<Visits> LeaveAsync()
    {
        await leave.CancelAsync();
        await visiting;
        return new Visits(requests, answers, failures);
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        leave.Dispose();
    }

    private async Task VisitAsync(Uri address, bool keepAlive)
    {
        using var client = Platform.NewEdgeClient();
        client.DefaultRequestHeaders.ConnectionClose = !keepAlive;
        while (!leave.IsCancellationRequested)
        {
            var (answer, failure) = await AskAsync(client, address);
            lock (noting)
            {
                requests++;
                if (failure is not null)
                    failures.Add($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {(keepAlive ? "kept alive" : "new connection")}: {failure}");
                else
                    answers[answer!] = answers.GetValueOrDefault(answer!) + 1;
            }

            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    // Not cancelled with the visit: a request under way when the visitors leave counts too.
    private static async Task<(string? Answer, string? Failure)> AskAsync(HttpClient client, Uri address)
    {
        try
        {
            using var response = await client.GetAsync(address, CancellationToken.None);
            var body = await response.Content.ReadAsStringAsync(CancellationToken.None);
            return response.IsSuccessStatusCode ? (body, null) : (null, $"{(int)response.StatusCode} {body}");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return (null, $"{e.Message} {e.InnerException?.Message}");
        }
    }
}
