using System.Text.RegularExpressions;

namespace Boottify.Builds;

internal enum GitFaultKind
{
    /// <summary>May be gone at the next try: no connection, a server error.</summary>
    Passing,

    /// <summary>The server wants a token, or another one.</summary>
    Refused,

    /// <summary>The server knows no such repository, or does not admit it.</summary>
    NoRepository,

    /// <summary>The server does not have the commit, or does not hand out commits by their id.</summary>
    NoCommit,

    Other,
}

/// <summary>What git's own words mean, in words that the app's developer can act on.</summary>
internal sealed partial record GitFault(GitFaultKind Kind, string Message)
{
    public static GitFault Of(RepositoryAddress repository, GitResult result)
    {
        var said = result.Error;
        var signedIn = repository.Password is not null;
        // Its last words are of what broke off then, such as "unpack-objects failed".
        if (said.Contains(FullDisk.Words, StringComparison.OrdinalIgnoreCase))
            return new(GitFaultKind.Other, $"git could not write what it fetched from {repository}: {FullDisk.Words}.");
        if (Matches(said, "not our ref", "unadvertised object", "couldn't find remote ref", "remote did not send all necessary objects"))
            return new(GitFaultKind.NoCommit, $"The repository {repository} does not have that commit.");
        if (Matches(said, "could not read Username", "could not read Password", "Authentication failed", "error: 401", "error: 403", "terminal prompts disabled"))
        {
            return new(GitFaultKind.Refused, signedIn
                ? $"The repository {repository} refuses the app's token. Set a token that may read it."
                : $"The repository {repository} asks for a token. If it is private, set the app's repository token; if not, check the address.");
        }

        if (Matches(said, "' not found", "error: 404", "does not appear to be a git repository", "does not exist", "not valid: is this a git repository"))
        {
            return new(GitFaultKind.NoRepository, signedIn
                ? $"There is no repository at {repository}, or the app's token may not read it. Check the address and the token."
                : $"There is no repository at {repository}, or it is private. Check the address, or set the app's repository token.");
        }

        if (Redirect().IsMatch(said))
            return new(GitFaultKind.Other, $"The repository {repository} redirects to another address, which is not followed. Use the address that it redirects to.");
        if (Matches(said, "' not allowed"))
            return new(GitFaultKind.Other, $"The repository {repository} leads to a protocol that is not allowed. Use its http or https address.");
        if (Matches(said, "Could not resolve host"))
            return new(GitFaultKind.Passing, $"The repository {repository} cannot be reached: its host name is not known. Check the address.");
        return PassingFault().IsMatch(said)
            ? new(GitFaultKind.Passing, $"The repository {repository} cannot be reached: {LastWords(said)}. Check the address, or deploy again later.")
            : new(GitFaultKind.Other, $"git could not read the repository {repository}: {LastWords(said)}.");
    }

    private static bool Matches(string said, params ReadOnlySpan<string> phrases)
    {
        foreach (var phrase in phrases)
        {
            if (said.Contains(phrase, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static string LastWords(string said)
    {
        var line = said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "it said nothing";
        line = line.StartsWith("fatal: ", StringComparison.Ordinal) ? line["fatal: ".Length..] : line;
        return (line.Length > 300 ? line[..300] : line).TrimEnd('.');
    }

    [GeneratedRegex("error: 30[12378]", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Redirect();

    [GeneratedRegex(
        "Failed to connect|Connection (refused|reset|timed out)|Could not connect|Operation (too slow|timed out)|error: (408|429|5\\d\\d)|early EOF|unexpected disconnect|hung up unexpectedly|RPC failed|Empty reply|SSL_ERROR_SYSCALL|GnuTLS recv error|TLS connection was non-properly terminated",
        RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex PassingFault();
}
