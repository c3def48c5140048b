using Boottify.Edge.Peers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Boottify.Edge.Challenges;

/// <summary>
/// The socket that nginx's challenge location proxies to. What comes in there gets challenge answers and nothing else,
/// so that no request from outside reaches the control plane's interface, however its path is written.
/// </summary>
public static class ChallengeListener
{
    private const string Prefix = "/.well-known/acme-challenge/";
    private static readonly object s_mark = new();

    public static void ListenForChallenges(this KestrelServerOptions kestrel, string socket)
    {
        File.Delete(socket);
        kestrel.ListenUnixSocket(socket, listener => listener.Use(next => connection =>
        {
            connection.Items[s_mark] = true;
            return next(connection);
        }));
    }

    public static IApplicationBuilder UseChallengeListener(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        if (context.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(s_mark) is true) await AnswerAsync(context);
        else await next(context);
    });

    private static async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        var answers = context.RequestServices.GetRequiredService<Http01Answers>();
        // The header as nginx sends it: HttpRequest.Host would turn A-labels into Unicode, and no such name ever has an answer.
        var host = context.Request.Headers.Host.ToString();
        string? keyAuthorization = null;
        if (HttpMethods.IsGet(context.Request.Method) && path.StartsWith(Prefix, StringComparison.Ordinal) && !answers.TryFind(host, path[Prefix.Length..], out keyAuthorization)
            && context.RequestServices.GetService<SharedChallenges>() is { } shared)
            keyAuthorization = await shared.FindAsync(host, path[Prefix.Length..], context.RequestAborted);
        if (keyAuthorization is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = "application/octet-stream";
        await context.Response.WriteAsync(keyAuthorization, context.RequestAborted);
    }
}
