using Marten;

namespace Boottify.Access;

/// <param name="Role">viewer, developer or owner; developer if left out.</param>
public sealed record CreateToken(string? Name, Role? Role)
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/teams/{team}/tokens", HandleAsync).Needs(Access.Role.Owner).WithName("CreateToken");
        api.MapDelete("/teams/{team}/tokens/{id}", RevokeAsync).Needs(Access.Role.Owner).WithName("RevokeToken");
    }

    private static async Task<IResult> HandleAsync(string team, CreateToken command, IDocumentSession session, TimeProvider time, CancellationToken cancellation)
    {
        var role = command.Role ?? Access.Role.Developer;
        if (role == Access.Role.Administrator)
            return Problems.Invalid("A team's token has the role viewer, developer or owner.");
        if (string.IsNullOrWhiteSpace(command.Name) || command.Name.Length > 100)
            return Problems.Invalid("Say whose token it is: \"name\": \"…\", 1 to 100 characters. History shows it as who did what.");
        var secret = AccessToken.NewSecret();
        var token = new AccessToken(AccessToken.HashOf(secret), command.Name.Trim(), team, role, time.GetUtcNow());
        session.Insert(token);
        await session.SaveChangesAsync(cancellation);
        return Results.Created($"/api/teams/{team}/tokens/{token.Id}", new { token.Id, token = secret, token.Name, token.Role, team });
    }

    private static async Task<IResult> RevokeAsync(string team, string id, IDocumentSession session, CancellationToken cancellation)
    {
        if (await session.LoadAsync<AccessToken>(id, cancellation) is not { } token || !string.Equals(token.TeamId, team, StringComparison.Ordinal))
            return Problems.NotFound();
        session.Delete(token);
        await session.SaveChangesAsync(cancellation);
        return Results.NoContent();
    }
}
