using Boottify.Contracts.Edge;
using Boottify.Edge.Http;
using Boottify.Edge.Nginx;
using Microsoft.AspNetCore.Mvc;

namespace Boottify.Edge.Routes;

/// <summary>The control plane's interface to the routes. Errors are problem documents that say what to do.</summary>
public static class RouteEndpoints
{
    private const int LongestWaitSeconds = 300;
    private const int LongestFreshSeconds = 3600;
    private const string NoRoute = "The edge has no route for this app. Put one first.";

    public static void MapRoutes(this IEndpointRouteBuilder endpoints)
    {
        var routes = endpoints.MapGroup("/v1/routes").AddEndpointFilter<BearerToken>().AddEndpointFilter(AnswerRefusals);
        routes.MapPut("/{appId}", PutAsync);
        routes.MapGet("/{appId}", GetAsync);
        routes.MapDelete("/{appId}", DeleteAsync);
        routes.MapPut("/{appId}/fresh-connections", BeginFresh);
        routes.MapDelete("/{appId}/fresh-connections", EndFresh);
        routes.MapPut("/", PutAllAsync);
        routes.MapGet("/", (RouteService service) => service.All());
    }

    private static async Task<IResult> PutAsync(string appId, [FromBody] AppRoute? body, RouteService service, CancellationToken cancellation, string? instead = null)
    {
        var (route, problem) = CheckedRoute.Check(body);
        if (route is null) return Invalid(problem!);
        return route.AppId == appId
            ? Results.Ok(await service.PutAsync(route, instead, cancellation))
            : Invalid("The app's id in the path and in the body differ. Send the same in both.");
    }

    private static async Task<IResult> GetAsync(string appId, RouteService service, CancellationToken cancellation, int wait = 0) =>
        await service.WaitAsync(appId, TimeSpan.FromSeconds(Math.Clamp(wait, 0, LongestWaitSeconds)), cancellation) is { } status
            ? Results.Ok(status)
            : Results.Problem(NoRoute, statusCode: StatusCodes.Status404NotFound);

    private static async Task<IResult> DeleteAsync(string appId, RouteService service, CancellationToken cancellation, long version = 0)
    {
        if (!CheckedRoute.IsAppId(appId)) return Invalid("The app's id is not 1 to 63 lower-case letters, digits and inner hyphens. Send the id that the control plane gave the app.");
        if (version < 1) return Invalid("The version to withdraw is missing. Send `?version=N`, at least the version that was put last.");
        await service.DeleteAsync(appId, version, cancellation);
        return Results.NoContent();
    }

    private static IResult BeginFresh(string appId, FreshConnections fresh, int seconds = 0)
    {
        if (seconds is < 1 or > LongestFreshSeconds) return Invalid($"Send `?seconds=N`, from 1 to {LongestFreshSeconds}: how long the app's requests shall use new connections.");
        return fresh.Begin(appId, TimeSpan.FromSeconds(seconds))
            ? Results.NoContent()
            : Results.Problem(NoRoute, statusCode: StatusCodes.Status404NotFound);
    }

    private static IResult EndFresh(string appId, FreshConnections fresh)
    {
        fresh.End(appId);
        return Results.NoContent();
    }

    private static async Task<IResult> PutAllAsync([FromBody] IReadOnlyList<AppRoute>? body, RouteService service, CancellationToken cancellation, DateTimeOffset? asOf = null)
    {
        if (body is null) return Invalid("The body is empty. Send an array of all routes.");
        var routes = new List<CheckedRoute>(body.Count);
        foreach (var wanted in body)
        {
            var (route, problem) = CheckedRoute.Check(wanted);
            if (route is null) return Invalid(problem!);
            routes.Add(route);
        }

        if (routes.DistinctBy(route => route.AppId).Count() != routes.Count) return Invalid("An app is named twice. Send one route for each app.");
        await service.PutAllAsync(routes, asOf ?? DateTimeOffset.MaxValue, cancellation);
        return Results.Ok(service.All());
    }

    private static async ValueTask<object?> AnswerRefusals(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (RouteService.RefusedException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status409Conflict,
                extensions: e.TakenHost is null ? null : new Dictionary<string, object?>(StringComparer.Ordinal) { ["takenHost"] = e.TakenHost });
        }
        catch (NginxRefusedException e)
        {
            return Results.Problem($"nginx did not take the change, and the last good configuration serves on. Mend what it says, then send it again: {e.Message}",
                statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static IResult Invalid(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status400BadRequest);
}
