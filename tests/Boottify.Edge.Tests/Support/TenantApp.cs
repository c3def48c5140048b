using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Boottify.Edge.Tests.Support;

/// <summary>An app as a tenant might deploy it, on a port of its own.</summary>
internal sealed class TenantApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TenantApp(WebApplication app, int port)
    {
        _app = app;
        Upstream = $"127.0.0.1:{port}";
        Port = port;
    }

    public string Upstream { get; }
    public int Port { get; }
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The event stream's second event waits for this.</summary>
    public TaskCompletionSource SecondEvent { get; } = new();

    public static async Task<TenantApp> StartAsync(string name, int? port = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var number = port ?? Needed.FreePort();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, number));
        var app = builder.Build();
        var tenant = new TenantApp(app, number);
        app.UseWebSockets();
        app.Use((context, next) =>
        {
            tenant.Requests.Enqueue($"{context.Request.Method} {context.Request.Path}");
            return next(context);
        });
        app.MapGet("/", () => $"hello from {name}");
        app.MapGet("/whole", (HttpResponse response) =>
        {
            response.ContentLength = Encoding.UTF8.GetByteCount($"hello from {name}");
            return $"hello from {name}";
        });
        app.MapGet("/connection", (HttpContext context) => context.Connection.Id);
        app.MapPost("/", async (HttpRequest request) => $"{name} got {await new StreamReader(request.Body).ReadToEndAsync()}");
        app.MapPost("/length", async (HttpContext context) =>
        {
            context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
            await context.Request.Body.CopyToAsync(Stream.Null);
        });
        app.MapGet("/headers", (HttpRequest request) => request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString()));
        app.MapGet("/steer", (HttpResponse response) =>
        {
            response.Headers["X-Accel-Redirect"] = "/generation";
            return "not steered";
        });
        app.MapGet("/events", tenant.EventsAsync);
        app.MapGet("/socket", EchoAsync);
        app.MapGet("/.well-known/acme-challenge/{token}", (string token) => $"the tenant answers {token}");
        await app.StartAsync();
        return tenant;
    }

    private async Task EventsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync("data: first\n\n");
        await context.Response.Body.FlushAsync();
        await SecondEvent.Task.WaitAsync(context.RequestAborted);
        await context.Response.WriteAsync("data: second\n\n");
    }

    private static async Task EchoAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = 400;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[1024];
        while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { CloseStatus: null } message)
            await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, context.RequestAborted);
    }

    public async ValueTask DisposeAsync()
    {
        SecondEvent.TrySetResult();
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
