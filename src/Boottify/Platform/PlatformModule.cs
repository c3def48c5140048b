using System.Text.Json;
using System.Text.Json.Serialization;
using Boottify.Access;
using Boottify.Deployments;
using Boottify.Housekeeping;
using JasperFx;
using Marten.Exceptions;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;

namespace Boottify.Platform;

/// <summary>What every request passes through, and what every part stands on.</summary>
public static class PlatformModule
{
    public static void AddPlatform(this WebApplicationBuilder builder)
    {
        if (builder.Configuration["BOOTTIFY_LISTEN"] is { Length: > 0 } listen)
            builder.WebHost.UseUrls(listen);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddSingleton(services => PlatformSettings.From(services.GetRequiredService<IConfiguration>()));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<Wakeups>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Wakeups>());
        builder.AddStorage();
        builder.Services.AddProblemDetails();
        builder.Services.AddOpenApi();
        builder.Services.ConfigureHttpJsonOptions(json => Configure(json.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        // Time to hand the running deployments over to another node.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(15));
    }

    public static void Configure(JsonSerializerOptions json)
    {
        json.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
    }

    public static void UsePlatform(this WebApplication app)
    {
        app.UseExceptionHandler(errors => errors.Run(AnswerErrorAsync));
        app.UseStatusCodePages(AnswerStatusAsync);
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(15) });
        app.UseRouting();
        app.Use((context, next) => Authorization.Enforce(context, next));
        app.MapOpenApi();
        app.MapGet("/health/live", () => Results.Ok(new { status = "live" }));
        app.MapGet("/health/ready", ReadyAsync);
    }

    public static RouteGroupBuilder MapApi(this WebApplication app) => app.MapGroup("/api").AddEndpointFilter(Authorization.EnforceBody);

    private static async Task<IResult> ReadyAsync(NpgsqlDataSource database, DiskWatch disks, CancellationToken cancellation)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(TimeSpan.FromSeconds(2));
            await using var command = database.CreateCommand("select 1");
            await command.ExecuteScalarAsync(limit.Token);
            // Ready even while builds are stopped: all that runs is served, and who waits is told why.
            return Results.Ok(new { status = "ready", buildsStopped = disks.BuildsStopped is null ? null : StoppedBuilds.PlainWords });
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or TimeoutException)
        {
            return Results.Problem("The database does not answer: see that PostgreSQL runs (ops/status).", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static async Task AnswerErrorAsync(HttpContext context)
    {
        var error = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        var answer = error switch
        {
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Results.Problem(error.Message, statusCode: 413, title: "The request is too large"),
            BadHttpRequestException { StatusCode: StatusCodes.Status503ServiceUnavailable } => Results.Problem(error.Message, statusCode: 503, title: "Not available now"),
            BadHttpRequestException => Problems.Invalid(Explain(error)),
            _ when HoldsNul(error) => Problems.Invalid("The request holds the character U+0000, which no text here may hold. Leave it out."),
            LostDeploymentException => Problems.NotFound(),
            ConcurrencyException => Problems.Conflict("Somebody else changed the same thing at this moment; nothing of this request was done. Send it again."),
            NpgsqlException or TimeoutException or MartenCommandException { InnerException: NpgsqlException and not PostgresException } => Results.Problem(
                "The database does not answer; nothing was changed. Try again in a moment.", statusCode: 503, title: "Not available now"),
            _ => Results.Problem(
                $"Something went wrong in Boottify. Look for {context.TraceIdentifier} in its log.", statusCode: 500, title: "Boottify failed"),
        };
        await answer.ExecuteAsync(context);
    }

    /// <summary>PostgreSQL alone knows of all places in which it cannot take that character, so this asks it.</summary>
    private static bool HoldsNul(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter })
                return true;
        }

        return false;
    }

    private static string Explain(Exception error) => error.InnerException switch
    {
        JsonException json => $"The body is not the JSON that this call takes: {json.Message}",
        _ => error.Message,
    };

    private static Task AnswerStatusAsync(StatusCodeContext context)
    {
        var status = context.HttpContext.Response.StatusCode;
        var answer = status switch
        {
            StatusCodes.Status404NotFound => Problems.NotFound("There is no such address. GET /openapi/v1.json lists those there are."),
            StatusCodes.Status405MethodNotAllowed => Results.Problem("This address does not take this method. GET /openapi/v1.json tells which.", statusCode: status),
            StatusCodes.Status415UnsupportedMediaType => Results.Problem("Send JSON, with 'Content-Type: application/json'.", statusCode: status),
            _ => Results.Problem(statusCode: status),
        };
        return answer.ExecuteAsync(context.HttpContext);
    }
}
