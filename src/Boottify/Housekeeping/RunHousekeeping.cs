using Boottify.Access;

namespace Boottify.Housekeeping;

/// <param name="DryRun">Only tell what would be done.</param>
public sealed record RunHousekeeping(bool? DryRun)
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/housekeeping/run", HandleAsync).Needs(Role.Administrator).WithName("RunHousekeeping");

    /// <summary>Answers when it is done, with what was done.</summary>
    private static async Task<IResult> HandleAsync(RunHousekeeping? command, HttpContext context, Housekeeper housekeeper) =>
        await housekeeper.RunAsync(command?.DryRun ?? false, $"{Caller.Of(context).Name} asked for it", context.RequestAborted) is { } report
            ? Results.Ok(report)
            : Problems.Conflict("Another node is at it right now. GET /api/housekeeping has its report when it is done; or try again in a minute.");
}
