namespace Boottify.Edge.Dns;

/// <summary>One value of a TXT record.</summary>
/// <param name="Name">Without a trailing dot.</param>
/// <param name="Value">Letters, digits, hyphens and underscores alone, unquoted.</param>
public sealed record ChallengeRecord(string Name, string Value)
{
    public string Quoted => $"\"{Value}\"";
}
