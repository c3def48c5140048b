using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Boottify.Edge.Tests.Support;

/// <summary>Stands before a real Pebble and spoils what it is told to; everything else passes as it is.</summary>
/// <param name="fault">Path and how often it was asked for → what happens instead, or null to let it pass.</param>
internal sealed class FaultyProxy(Func<string, int, FaultyProxy.Fault?> fault) : IAsyncDisposable
{
    public delegate Task<bool> Fault(HttpContext context, Func<Task> pass);

    private readonly int _port = Needed.FreePort();
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private WebApplication? _app;
    private HttpClient? _pebble;
    private Uri? _target;

    /// <summary>Sees each request first; what it reads of the body is there again afterwards.</summary>
    public Func<HttpContext, Task>? Look { get; init; }

    public Uri Directory => new($"https://127.0.0.1:{_port}/dir");
    public string Ca { get; private set; } = "";

    /// <summary>How often a path with this in it was asked for.</summary>
    public int CountOf(string part) => _counts.Where(count => count.Key.Contains(part, StringComparison.Ordinal)).Sum(count => count.Value);

    /// <summary>How many certificates were asked for: what was not verified never gets so far, and what is asked for again counts once.</summary>
    public int Issues => _counts.Keys.Count(path => path.Contains("/finalize-order/", StringComparison.Ordinal));

    /// <summary>Pebble acts, and the client never hears of it.</summary>
    public static async Task<bool> CutAfterwards(HttpContext context, Func<Task> pass)
    {
        await pass();
        context.Abort();
        return true;
    }

    public static Fault Answer(HttpStatusCode status, string body, string type, string? retryAfter = null) => async (context, _) =>
    {
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = type;
        if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
        await context.Response.WriteAsync(body);
        return true;
    };

    public async Task StartAsync(Pebble pebble)
    {
        Ca = pebble.Ca;
        _target = pebble.Directory;
        _pebble = Acme.AcmeHttp.Create(pebble.Ca);
        using var parts = X509Certificate2.CreateFromPemFile(pebble.Ca, Path.ChangeExtension(pebble.Ca, ".key"));
        var certificate = X509CertificateLoader.LoadPkcs12(parts.Export(X509ContentType.Pkcs12), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port, listener => listener.UseHttps(certificate)));
        _app = builder.Build();
        _app.Run(HandleAsync);
        await _app.StartAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var count = _counts.AddOrUpdate(path, 1, (_, before) => before + 1);
        if (Look is not null)
        {
            context.Request.EnableBuffering();
            await Look(context);
            context.Request.Body.Position = 0;
        }

        if (fault(path, count) is { } spoil) await spoil(context, () => PassAsync(context, answers: false));
        else await PassAsync(context, answers: true);
    }

    /// <summary>With the client's own Host, so that Pebble names the proxy in every address it gives.</summary>
    private async Task PassAsync(HttpContext context, bool answers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(_target!, context.Request.Path + context.Request.QueryString));
        request.Headers.Host = context.Request.Host.Value;
        if (context.Request.Headers.Accept.Count > 0) request.Headers.TryAddWithoutValidation("Accept", context.Request.Headers.Accept.ToString());
        if (HttpMethods.IsPost(context.Request.Method))
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            request.Content = new ByteArrayContent(body.ToArray());
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        using var answer = await _pebble!.SendAsync(request);
        if (!answers) return;
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            if (!name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)) context.Response.Headers[name] = values.ToArray();
        if (!HttpMethods.IsHead(context.Request.Method)) await answer.Content.CopyToAsync(context.Response.Body);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        _pebble?.Dispose();
    }
}
