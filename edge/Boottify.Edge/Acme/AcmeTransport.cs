using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Polly;
using Polly.Retry;

namespace Boottify.Edge.Acme;

/// <summary>What the CA answered to a request that it took.</summary>
/// <param name="RetryAfter">From the moment of the answer.</param>
public sealed record AcmeAnswer(HttpStatusCode Status, byte[] Body, Uri? Location, IReadOnlyList<string> Links, TimeSpan? RetryAfter)
{
    /// <exception cref="AcmeException">The body is no JSON object.</exception>
    public JsonObject Json
    {
        get
        {
            try
            {
                return JsonNode.Parse(Body) as JsonObject ?? throw AcmeException.Because("The certificate authority answered without a JSON object.");
            }
            catch (JsonException e)
            {
                throw AcmeException.Because("The certificate authority answered with something that is no JSON.", e);
            }
        }
    }
}

/// <summary>
/// Signed requests to one ACME server (RFC 8555, 6). A request refused for its nonce is signed again with the nonce that
/// came with the refusal; one that met an overloaded or unreachable server is sent again a few times, after what
/// Retry-After says if that is short. Anything longer is the caller's to plan.
/// </summary>
public sealed class AcmeTransport(HttpClient client, Uri directoryUrl, TimeProvider clock) : IDisposable
{
    /// <summary>Even a server that refuses every second nonce lets one in a million requests fail at this count.</summary>
    private const int MostNonces = 20;

    private static readonly TimeSpan s_longestWaitHere = TimeSpan.FromSeconds(10);
    private readonly NoncePool _nonces = new();
    private readonly SemaphoreSlim _reading = new(1, 1);
    private static readonly TimeSpan s_directoryIsKept = TimeSpan.FromDays(1);
    private JsonObject? _directory;
    private long _directoryRead;

    private readonly ResiliencePipeline _retries = new ResiliencePipelineBuilder { TimeProvider = clock }.AddRetry(new RetryStrategyOptions
    {
        MaxRetryAttempts = 4,
        Delay = TimeSpan.FromMilliseconds(250),
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is AcmeException { Problem.Status: 0 or 429 or >= 500, RetryAfter: var wait }
            && (wait is null || wait <= s_longestWaitHere)),
        DelayGenerator = arguments => ValueTask.FromResult((arguments.Outcome.Exception as AcmeException)?.RetryAfter),
    }).Build();

    /// <summary>Address of a resource, or null when this CA does not offer it.</summary>
    public async Task<Uri?> FindAsync(string resource, CancellationToken cancellation)
    {
        var directory = await DirectoryAsync(cancellation);
        return directory[resource] is JsonValue value && value.TryGetValue<string>(out var url) && Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri : null;
    }

    public async Task<Uri> AddressOfAsync(string resource, CancellationToken cancellation) =>
        await FindAsync(resource, cancellation) ?? throw AcmeException.Because($"The ACME directory has no {resource}. Check BOOTTIFY_ACME_DIRECTORY.");

    /// <summary>The CA's directory, read once a day and after <see cref="Forget"/>.</summary>
    public async Task<JsonObject> DirectoryAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _directory) is { } known && clock.GetElapsedTime(_directoryRead) < s_directoryIsKept) return known;
        await _reading.WaitAsync(cancellation);
        try
        {
            if (_directory is { } read && clock.GetElapsedTime(_directoryRead) < s_directoryIsKept) return read;
            var answer = await GetAsync(directoryUrl, cancellation);
            _directoryRead = clock.GetTimestamp();
            Volatile.Write(ref _directory, answer.Json);
            return answer.Json;
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>After signs that the server is not the one it was.</summary>
    public void Forget()
    {
        Volatile.Write(ref _directory, null);
        _nonces.Clear();
    }

    /// <param name="accountUrl">Null signs with the public key itself.</param>
    /// <param name="payload">Empty for POST-as-GET.</param>
    /// <exception cref="AcmeException">The CA refused, or did not answer in all attempts.</exception>
    public async Task<AcmeAnswer> PostAsync(AccountKey key, string? accountUrl, Uri url, string payload, CancellationToken cancellation, string? accept = null) =>
        await _retries.ExecuteAsync(async attempt =>
        {
            for (var nonces = 1; ; nonces++)
            {
                var nonce = _nonces.Take() ?? await NewNonceAsync(attempt);
                try
                {
                    return await SendAsync(() =>
                    {
                        var content = new StringContent(Jws.Sign(key, accountUrl, url, nonce, payload));
                        content.Headers.ContentType = new MediaTypeHeaderValue("application/jose+json");
                        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
                        if (accept is not null) request.Headers.Accept.ParseAdd(accept);
                        return request;
                    }, attempt);
                }
                catch (AcmeException e) when (e.Problem.Type == "badNonce" && nonces < MostNonces)
                {
                }
            }
        }, cancellation);

    /// <summary>A plain request: the directory and renewal information are read without a signature.</summary>
    public async Task<AcmeAnswer> GetAsync(Uri url, CancellationToken cancellation) =>
        await _retries.ExecuteAsync(async attempt => await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, url), attempt), cancellation);

    private async Task<string> NewNonceAsync(CancellationToken cancellation)
    {
        var url = await AddressOfAsync("newNonce", cancellation);
        await SendAsync(() => new HttpRequestMessage(HttpMethod.Head, url), cancellation);
        return _nonces.Take() ?? throw AcmeException.Because("The certificate authority gave no nonce.");
    }

    private async Task<AcmeAnswer> SendAsync(Func<HttpRequestMessage> build, CancellationToken cancellation)
    {
        using var request = build();
        try
        {
            using var answer = await client.SendAsync(request, cancellation);
            _nonces.Feed(answer);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellation);
            var wait = RetryAfter.Of(answer, clock.GetUtcNow());
            if (!answer.IsSuccessStatusCode) throw new AcmeException(AcmeProblem.From(answer.StatusCode, body), wait);
            var links = answer.Headers.TryGetValues("Link", out var values) ? values.ToList() : [];
            return new AcmeAnswer(answer.StatusCode, body, answer.Headers.Location is { } location ? new Uri(request.RequestUri!, location) : null, links, wait);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw AcmeException.Because($"The certificate authority at {request.RequestUri!.Authority} cannot be reached: {e.GetBaseException().Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw AcmeException.Because($"The certificate authority at {request.RequestUri!.Authority} did not answer within {client.Timeout.TotalSeconds} s.", e);
        }
    }

    public void Dispose()
    {
        _reading.Dispose();
        client.Dispose();
    }
}
