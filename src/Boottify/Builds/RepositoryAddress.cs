using System.Net;
using System.Text.RegularExpressions;
using Boottify.Deployments;

namespace Boottify.Builds;

/// <summary>
/// A repository that git may be pointed at: the address as it may be shown and put on a command line, and apart from it what
/// signs in.
/// </summary>
internal sealed partial record RepositoryAddress
{
    private RepositoryAddress(string url, bool isLocal, string? origin, string? user, string? password)
    {
        Url = url;
        IsLocal = isLocal;
        Origin = origin;
        User = user;
        Password = password;
        Redactor = new Redactor(password, password is null ? null : $"{user}:{password}");
    }

    /// <summary>Without user and password.</summary>
    public string Url { get; }

    public bool IsLocal { get; }

    /// <summary>Scheme, host and port: the password is for this server alone.</summary>
    public string? Origin { get; }

    /// <summary>In lower case and ASCII, without a trailing dot; an IPv6 address in brackets. Null for a folder.</summary>
    public string? Host { get; private init; }

    public int Port { get; private init; }

    /// <summary>Where git may connect to; null until <see cref="GitServers"/> has looked, and git is not started before.</summary>
    public IReadOnlyList<IPAddress>? Addresses { get; private init; }

    public string? User { get; }

    public string? Password { get; }

    public Redactor Redactor { get; }

    /// <exception cref="StepException">Not an address that Boottify fetches from; says what one looks like.</exception>
    public static RepositoryAddress Parse(SourceRepository repository, bool allowLocal)
    {
        var text = repository.Url.Trim();
        if (text.Length == 0)
            throw new StepException("The app has no repository address. Give it one of the form https://host/owner/repository.git.");
        if (text.StartsWith('-') || text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            throw new StepException("The repository address holds characters that no address has. Use the form https://host/owner/repository.git.");
        if (repository.Token?.Any(char.IsControl) == true)
            throw new StepException("The repository's token holds a line break or another control character. Set the token again.");

        if (text.StartsWith('/') || text.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            return Local(text, allowLocal);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw new StepException(
                $"The repository {new Redactor().Clean(text)} is not reached by HTTP. Use the form https://host/owner/repository.git, with a token if it is private.");
        }

        if (uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw new StepException("The repository address has a '?' or '#' part. Use the form https://host/owner/repository.git.");
        if (HostOf(uri) is not { } host)
            throw new StepException("The repository address has a host that no name server knows. Use the form https://host/owner/repository.git.");
        // Written anew from its parts: git reads the same host in it that is judged here.
        var origin = $"{uri.Scheme}://{host}{(uri.IsDefaultPort ? "" : $":{uri.Port}")}";
        var (user, password) = Credentials(repository.Token, uri.UserInfo);
        return new RepositoryAddress(origin + uri.AbsolutePath, isLocal: false, origin, user, password) { Host = host, Port = uri.Port };
    }

    public RepositoryAddress At(IReadOnlyList<IPAddress> addresses) => this with { Addresses = addresses };

    /// <returns>An address in its usual form, or a name, as in <see cref="Host"/>; null for neither.</returns>
    public static string? HostOf(Uri uri)
    {
        if (uri.HostNameType == UriHostNameType.IPv6)
            return uri.Host;
        var host = uri.IdnHost.TrimEnd('.').ToLowerInvariant();
        return !HostName().IsMatch(host) ? null : IPAddress.TryParse(host, out var address) ? $"{address}" : host;
    }

    public override string ToString() => Url;

    private static RepositoryAddress Local(string text, bool allowLocal)
    {
        if (!allowLocal)
        {
            throw new StepException(
                $"The repository {text} is a folder of the server. Only http and https addresses are taken (an operator allows folders with BOOTTIFY_ALLOW_LOCAL_REPOSITORIES=true).");
        }

        var path = text.StartsWith('/') ? text : Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri.LocalPath : "";
        if (!Path.IsPathFullyQualified(path))
            throw new StepException($"The repository {text} is not an absolute path.");
        return new RepositoryAddress(path, isLocal: true, origin: null, user: null, password: null);
    }

    // A token alone goes with a user name that the large hosts take for any token; "user:password" is taken apart.
    private static (string? User, string? Password) Credentials(string? token, string userInfo)
    {
        if (token is { Length: > 0 })
            return token.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? (token[..colon], token[(colon + 1)..]) : ("x-access-token", token);
        if (userInfo.Length == 0)
            return (null, null);
        var parts = userInfo.Split(':', 2);
        return parts.Length == 2
            ? (Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts[1]))
            : ("x-access-token", Uri.UnescapeDataString(parts[0]));
    }

    [GeneratedRegex("^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex HostName();
}
