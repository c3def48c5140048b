namespace Boottify.Access;

/// <summary>Who sent a request, and what they may do.</summary>
/// <param name="Name">The token's name: what history shows as "who".</param>
/// <param name="TeamId">The one team they belong to; null for the platform's administrators.</param>
public sealed record Caller(string Name, string? TeamId, Role Role)
{
    /// <summary>Whether they may see that the team exists at all.</summary>
    public bool Sees(string teamId) => Role == Role.Administrator || string.Equals(TeamId, teamId, StringComparison.Ordinal);

    public bool May(Role needed) => Role >= needed;

    public static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("This endpoint was reached without authorisation.");
}
