using Boottify.Apps;
using Boottify.Deployments;
using Marten;

namespace Boottify.Access;

/// <summary>What an endpoint needs of its caller; every endpoint under <c>/api</c> says so, or does not start.</summary>
/// <param name="Role">The least role; null for the ones open to anybody (webhooks, which prove themselves by signature).</param>
public sealed record AccessNeed(Role? Role);

/// <summary>A request body that names the team it acts on.</summary>
public interface INamesTeam
{
    string? Team { get; }
}

/// <summary>
/// The one place where tenant-facing requests are authorised. The team that a request touches follows from its route
/// (<c>{team}</c>, <c>{app}</c>, <c>{deployment}</c>) or its body (<see cref="INamesTeam"/>); what belongs to another team does not
/// exist for the caller: 404.
/// </summary>
public static class Authorization
{
    public static TBuilder Needs<TBuilder>(this TBuilder endpoint, Role role)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new AccessNeed(role));

    public static TBuilder OpenToAnybody<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new AccessNeed(null));

    /// <summary>Runs after routing and before anything of the request's body is read.</summary>
    public static async Task Enforce(HttpContext context, RequestDelegate next)
    {
        // By the endpoint that routing chose, never by how the path was written: routing takes /API for /api.
        if (context.GetEndpoint()?.Metadata.GetMetadata<AccessNeed>()?.Role is { } role && await RefusalAsync(context, role) is { } refusal)
            await refusal.ExecuteAsync(context);
        else
            await next(context);
    }

    /// <summary>The second half of the check, on the <c>/api</c> group: the team that the body names, once it is read.</summary>
    public static async ValueTask<object?> EnforceBody(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        foreach (var body in invocation.Arguments.OfType<INamesTeam>())
        {
            if (string.IsNullOrEmpty(body.Team))
                return Problems.Invalid("Name the team that this is for: \"team\": \"<its id>\".");
            if (!Caller.Of(invocation.HttpContext).Sees(body.Team))
                return Problems.NotFound("There is no such team, or this token is not of it. Check \"team\" in the request.");
        }

        return await next(invocation);
    }

    /// <exception cref="InvalidOperationException">An endpoint under <c>/api</c> says nothing of who may call it.</exception>
    public static void RefuseUnguardedEndpoints(this IEndpointRouteBuilder endpoints)
    {
        foreach (var endpoint in endpoints.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>())
        {
            if (endpoint.RoutePattern.RawText?.StartsWith("/api", StringComparison.OrdinalIgnoreCase) == true
                && endpoint.Metadata.GetMetadata<AccessNeed>() is null)
                throw new InvalidOperationException($"{endpoint.RoutePattern.RawText} does not say what it needs of its caller: add .Needs(…).");
        }
    }

    private static async Task<IResult?> RefusalAsync(HttpContext context, Role role)
    {
        await using var session = context.RequestServices.GetRequiredService<IDocumentStore>().QuerySession();
        if (await AuthenticateAsync(context, session) is not { } caller)
            return Problems.Unauthorized();
        context.Features.Set(caller);
        await foreach (var team in TeamsTouchedAsync(context, session))
        {
            if (team is null || !caller.Sees(team))
                return Problems.NotFound();
        }

        return caller.May(role) ? null : Problems.Forbidden(role);
    }

    private static async Task<Caller?> AuthenticateAsync(HttpContext context, IQuerySession session)
    {
        const string scheme = "Bearer ";
        var header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            return null;
        var secret = header[scheme.Length..].Trim();
        if (!secret.StartsWith(AccessToken.Prefix, StringComparison.Ordinal))
            return null;
        var token = await session.LoadAsync<AccessToken>(AccessToken.HashOf(secret), context.RequestAborted);
        return token is null ? null : new Caller(token.Name, token.TeamId, token.Role);
    }

    /// <summary>The teams of all that the route names; null stands for something that does not exist.</summary>
    private static async IAsyncEnumerable<string?> TeamsTouchedAsync(HttpContext context, IQuerySession session)
    {
        var cancellation = context.RequestAborted;
        if (context.GetRouteValue("team") is string team)
            yield return (await session.LoadAsync<Team>(team, cancellation))?.Id;
        if (context.GetRouteValue("app") is string app)
            yield return await session.LoadAsync<App>(app, cancellation) is { DeletedAt: null } found ? found.TeamId : null;
        if (context.GetRouteValue("deployment") is string deployment)
            yield return (await session.LoadAsync<Deployment>(deployment, cancellation))?.TeamId;
    }
}
