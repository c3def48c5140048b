using System.Security.Cryptography;
using System.Text;

namespace Boottify.Access;

/// <summary>What the bearer of a token may do; each role may do all that the ones before it may.</summary>
public enum Role
{
    /// <summary>See everything of the team but secrets.</summary>
    Viewer,

    /// <summary>Deploy, roll back, cancel, change settings and environment.</summary>
    Developer,

    /// <summary>Register and delete apps, make tokens.</summary>
    Owner,

    /// <summary>The platform's own administrator: any team, and new ones.</summary>
    Administrator,
}

/// <summary>A bearer token, known by its hash alone.</summary>
/// <param name="Id">SHA-256 of the token, lower-case hex.</param>
/// <param name="TeamId">Null for the platform's administrators.</param>
public sealed record AccessToken(string Id, string Name, string? TeamId, Role Role, DateTimeOffset CreatedAt)
{
    public const string Prefix = "bt_";

    /// <summary>A new secret of 256 bits; shown once, never stored.</summary>
    public static string NewSecret() =>
        Prefix + RandomNumberGenerator.GetString("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 43);

    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
