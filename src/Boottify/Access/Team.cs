namespace Boottify.Access;

public sealed record TeamCreated(string TeamId, string Name);

/// <summary>Those who own apps together.</summary>
public sealed partial record Team(string Id, string Name)
{
    public static Team Create(TeamCreated created) => new(created.TeamId, created.Name);
}
