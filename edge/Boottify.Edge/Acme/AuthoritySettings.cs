namespace Boottify.Edge.Acme;

/// <summary>One certificate authority, as the environment names it.</summary>
/// <param name="Name">For logs, figures and statuses: <c>first</c>, <c>second</c> or <c>staging</c>.</param>
/// <param name="Roots">PEM file with the roots that verify the ACME server's own TLS; null for the system's.</param>
/// <param name="EabKeyId">External account binding (RFC 8555, 7.3.4), with <paramref name="EabKey"/> in base64url, as the CA hands them out.</param>
/// <param name="Contact">An e-mail address.</param>
/// <param name="Chain">Common name of the issuer at the top of the chain that is preferred; null for the CA's own choice.</param>
/// <param name="Profile">Asked for if the CA offers it.</param>
public sealed record AuthoritySettings(
    string Name, Uri Directory, string? Roots = null, string? EabKeyId = null, string? EabKey = null, string? Contact = null,
    string? Chain = null, string? Profile = null, AuthorityLimits? Limits = null)
{
    /// <summary>Null when its directory is not set.</summary>
    /// <param name="prefix">Of the settings' names, such as <c>BOOTTIFY_ACME_SECOND_</c>.</param>
    /// <exception cref="InvalidOperationException">A value makes no sense; the message names it.</exception>
    public static AuthoritySettings? Read(string name, string prefix, Func<string, string?> setting, AuthorityLimits? limits)
    {
        if (setting(prefix + "DIRECTORY") is not { } directory) return null;
        if (!Uri.TryCreate(directory, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw new InvalidOperationException($"{prefix}DIRECTORY is not an http(s) address. Set it to one such as https://acme.example/directory.");
        return new AuthoritySettings(name, url, setting(prefix + "CA"), setting(prefix + "EAB_KID"), setting(prefix + "EAB_KEY"),
            setting("BOOTTIFY_ACME_CONTACT"), setting(prefix + "CHAIN"), setting(prefix + "PROFILE"), limits);
    }

    /// <summary>Leaves the secret out of logs.</summary>
    public override string ToString() => $"{Name} ({Directory})";
}
