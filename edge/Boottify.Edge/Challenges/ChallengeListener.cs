using Boottify.Contracts.Edge;
using Boottify.Edge.Peers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Boottify.Edge.Challenges;

/// <summary>
/// The socket that nginx's challenge location proxies to. What comes in there gets challenge answers, or that of a self-check,
/// and nothing else, so that no request from outside reaches the control plane's interface, however its path is written.
/// </summary>
public static class ChallengeListener
{
    private const string Prefix = SelfCheckProof.Path;
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
        var token = HttpMethods.IsGet(context.Request.Method) && path.StartsWith(Prefix, StringComparison.Ordinal) ? path[Prefix.Length..] : "";
        if (!answers.TryFind(host, token, out var answer) && !context.RequestServices.GetRequiredService<SelfCheckAnswers>().TryFind(host, token, out answer)
            && context.RequestServices.GetService<SharedChallenges>() is { } shared)
            answer = await shared.FindAsync(host, token, context.RequestAborted);
        if (answer is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = "application/octet-stream";
        await context.Response.WriteAsync(answer, context.RequestAborted);
    }
}
