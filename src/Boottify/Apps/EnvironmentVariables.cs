using Boottify.Access;
using Marten;

namespace Boottify.Apps;

/// <summary>An app's environment: values go in and never come back. They take effect with the next deployment.</summary>
public static class EnvironmentVariables
{
    public sealed record SetVariable(string? Value);

    public sealed record VariableView(string Name, DateTimeOffset SetAt);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/apps/{app}/env", ListAsync).Needs(Role.Viewer).WithName("ListEnvironment");
        api.MapPut("/apps/{app}/env/{name}", SetAsync).Needs(Role.Developer).WithName("SetEnvironmentVariable");
        api.MapDelete("/apps/{app}/env/{name}", RemoveAsync).Needs(Role.Developer).WithName("RemoveEnvironmentVariable");
    }

    private static async Task<Page<VariableView>> ListAsync(string app, IQuerySession session, CancellationToken cancellation)
    {
        var found = await session.LoadAsync<App>(app, cancellation);
        return new Page<VariableView>([.. found!.Environment.Select(v => new VariableView(v.Key, v.Value.SetAt))], null);
    }

    private static async Task<IResult> SetAsync(
        string app, string name, SetVariable command, HttpContext context, IDocumentSession session, Vault vault, TimeProvider time)
    {
        var cancellation = context.RequestAborted;
        if ((AppRules.VariableName(name) ?? AppRules.VariableValue(command.Value)) is { } error)
            return Problems.Invalid(error);
        var stream = await session.Events.FetchForWriting<App>(app, cancellation);
        if (stream.Aggregate is not { DeletionRequestedAt: null } current)
            return Problems.Conflict("The app is being deleted.");
        var value = await vault.SealAsync(current.TeamId, AppSecrets.Variable(app, name), command.Value!, cancellation);
        var set = new EnvironmentVariableSet(name, value, Caller.Of(context).Name, time.GetUtcNow());
        stream.AppendOne(set);
        await session.SaveChangesAsync(cancellation);
        return Results.Ok(new VariableView(name, set.At));
    }

    private static async Task<IResult> RemoveAsync(string app, string name, HttpContext context, IDocumentSession session, TimeProvider time)
    {
        var stream = await session.Events.FetchForWriting<App>(app, context.RequestAborted);
        if (stream.Aggregate?.Environment.ContainsKey(name) != true)
            return Problems.NotFound("The app has no such variable. GET /api/apps/{app}/env lists those it has.");
        stream.AppendOne(new EnvironmentVariableRemoved(name, Caller.Of(context).Name, time.GetUtcNow()));
        await session.SaveChangesAsync(context.RequestAborted);
        return Results.NoContent();
    }
}
