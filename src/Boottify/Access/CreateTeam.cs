using Boottify.Apps;
using Marten;

namespace Boottify.Access;

public sealed record CreateTeam(string? Name)
{
    private const int LongestName = 100;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/teams", HandleAsync).Needs(Role.Administrator).WithName("CreateTeam");
        api.MapGet("/teams", ListAsync).Needs(Role.Viewer).WithName("ListTeams");
    }

    private static async Task<IResult> HandleAsync(CreateTeam command, IDocumentStore store, Vault vault, CancellationToken cancellation)
    {
        if (string.IsNullOrWhiteSpace(command.Name) || command.Name.Length > LongestName)
            return Problems.Invalid($"Give the team a name of 1 to {LongestName} characters: \"name\": \"…\".");
        var created = new TeamCreated(AppIds.New(), command.Name.Trim());
        await using var session = store.LightweightSession();
        session.Events.StartStream<Team>(created.TeamId, created);
        vault.AddKey(session, created.TeamId);
        await session.SaveChangesAsync(cancellation);
        return Results.Created($"/api/teams/{created.TeamId}", new { id = created.TeamId, name = created.Name });
    }

    private static async Task<Page<Team>> ListAsync(HttpContext context, IQuerySession session, string? cursor, int? limit, CancellationToken cancellation)
    {
        var (caller, after, most) = (Caller.Of(context), Cursor.Decode(cursor) ?? "", Cursor.Limit(limit));
        var query = session.Query<Team>().Where(t => t.Id.CompareTo(after) > 0);
        if (caller.TeamId is { } own)
            query = query.Where(t => t.Id == own);
        return Cursor.Cut(await query.OrderBy(t => t.Id).Take(most + 1).ToListAsync(cancellation), most, t => t.Id, t => t);
    }
}
