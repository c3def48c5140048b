using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using CliWrap;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Boottify.IntegrationTests.Builds;

/// <summary>
/// git's own upload-pack behind HTTP, as an old or a private server has it: it may ask for a password, speaks the first
/// protocol version, and hands out only what its branches point to.
/// </summary>
public sealed class SmallGitServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SmallGitServer(WebApplication app) => _app = app;

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <summary>Cuts every connection while it is so, as a server that restarts does.</summary>
    public bool Away { get; set; }

    /// <summary>What clients sent as Authorization, in the order of their requests; empty where they sent none.</summary>
    public ConcurrentQueue<string> Authorizations { get; } = new();

    /// <summary>Command lines of this machine's git processes at the time of each request.</summary>
    public ConcurrentQueue<string> CommandLines { get; } = new();

    /// <param name="bare">The repository; null to answer 500 to everything.</param>
    /// <param name="password">Asked for, with any user name.</param>
    /// <param name="redirect">Send clients there once they have shown the password.</param>
    public static async Task<SmallGitServer> StartAsync(string? bare, string? password = null, string? redirect = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new SmallGitServer(builder.Build());
        server._app.Run(context => server.AnswerAsync(context, bare, password, redirect));
        await server._app.StartAsync(BuildFixture.Token);
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context, string? bare, string? password, string? redirect)
    {
        var authorization = context.Request.Headers.Authorization.ToString();
        Authorizations.Enqueue(authorization);
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(name => int.TryParse(Path.GetFileName(name), CultureInfo.InvariantCulture, out _)))
            CommandLines.Enqueue(ReadOrNothing(Path.Combine(process, "cmdline")));

        if (Away)
        {
            context.Abort();
        }
        else if (password is not null && !SignedIn(authorization, password))
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"git\"";
        }
        else if (redirect is not null)
        {
            context.Response.Redirect(redirect + context.Request.Path + context.Request.QueryString);
        }
        else if (bare is null)
        {
            context.Response.StatusCode = 500;
        }
        else if (context.Request.Method == "GET")
        {
            context.Response.ContentType = "application/x-git-upload-pack-advertisement";
            await context.Response.WriteAsync("001e# service=git-upload-pack\n0000", BuildFixture.Token);
            await RunAsync(context, bare, "--http-backend-info-refs");
        }
        else
        {
            context.Response.ContentType = "application/x-git-upload-pack-result";
            await RunAsync(context, bare, "--stateless-rpc");
        }
    }

    private static async Task RunAsync(HttpContext context, string bare, string mode)
    {
        var body = context.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
        await Cli.Wrap("git")
            .WithArguments(["upload-pack", mode, bare])
            .WithStandardInputPipe(PipeSource.FromStream(body))
            .WithStandardOutputPipe(PipeTarget.ToStream(context.Response.Body))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(context.RequestAborted);
    }

    private static bool SignedIn(string authorization, string password) =>
        authorization.StartsWith("Basic ", StringComparison.Ordinal)
        && Encoding.UTF8.GetString(Convert.FromBase64String(authorization["Basic ".Length..])).EndsWith($":{password}", StringComparison.Ordinal);

    private static string ReadOrNothing(string file)
    {
        try
        {
            return File.ReadAllText(file).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }
}
