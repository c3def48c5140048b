using System.Net;
using System.Net.Sockets;
using System.Text;
using CliWrap;

namespace Boottify.Builds;

/// <summary>
/// Runs the git program, without a shell. It sees nothing of this process's environment but what it needs, no configuration of
/// the machine, no hooks, and never asks anybody anything. A password reaches it by its environment alone, through a helper
/// that is bound to the repository's own server, so neither a command line nor a file ever holds it. It connects to nothing but
/// the addresses that were found for the repository, so it follows neither redirects nor a name that leads elsewhere by now.
/// </summary>
internal sealed class Git(BuildSettings settings)
{
    private const int LongestOutput = 64 << 20;

    private static readonly string[] Inherited =
    [
        "PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "CURL_CA_BUNDLE",
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    ];

    private const string Helper =
        "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$BOOTTIFY_GIT_USER\" \"$BOOTTIFY_GIT_PASSWORD\"; }; f";

    /// <summary>Runs one command to its end.</summary>
    /// <returns>Its exit code and output; what it said on standard error is redacted already.</returns>
    public async Task<GitResult> RunAsync(IReadOnlyList<string> arguments, RepositoryAddress? remote, CancellationToken cancellation)
    {
        var output = new StringBuilder();
        var error = new StringBuilder();
        var result = await Cli.Wrap("git")
            .WithArguments(arguments)
            .WithEnvironmentVariables(Environment(remote))
            .WithStandardOutputPipe(Bounded(output))
            .WithStandardErrorPipe(Bounded(error))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(cancellation);
        var said = error.ToString();
        return new GitResult(result.ExitCode, output.ToString(), remote is null ? said : remote.Redactor.Clean(said));
    }

    internal Dictionary<string, string?> Environment(RepositoryAddress? remote)
    {
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (string name in System.Environment.GetEnvironmentVariables().Keys)
        {
            if (!Inherited.Contains(name, StringComparer.Ordinal))
                variables[name] = null;
        }

        variables["LC_ALL"] = "C";
        variables["HOME"] = "/nonexistent";
        variables["GIT_CONFIG_GLOBAL"] = "/dev/null";
        variables["GIT_CONFIG_NOSYSTEM"] = "1";
        variables["GIT_TERMINAL_PROMPT"] = "0";
        variables["GIT_ASKPASS"] = "";
        // Without a repository it works on what is here: history that a server has left out is not fetched behind our backs.
        variables["GIT_ALLOW_PROTOCOL"] = remote is null ? "none" : settings.AllowLocalRepositories ? "http:https:file" : "http:https";
        variables["GIT_HTTP_LOW_SPEED_LIMIT"] = "1000";
        variables["GIT_HTTP_LOW_SPEED_TIME"] = "30";

        List<(string Key, string Value)> configuration =
        [
            ("core.hooksPath", "/dev/null"),
            ("core.fsmonitor", "false"),
            ("core.autocrlf", "false"),
            ("gc.auto", "0"),
            ("maintenance.auto", "false"),
            ("submodule.recurse", "false"),
            ("http.followRedirects", "false"),
        ];
        if (remote is { IsLocal: false })
            configuration.AddRange(Held(remote));
        if (remote is { Password: not null, Origin: not null })
        {
            configuration.Add(($"credential.{remote.Origin}.helper", Helper));
            variables["BOOTTIFY_GIT_USER"] = remote.User;
            variables["BOOTTIFY_GIT_PASSWORD"] = remote.Password;
        }

        variables["GIT_CONFIG_COUNT"] = configuration.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        for (var i = 0; i < configuration.Count; i++)
        {
            variables[$"GIT_CONFIG_KEY_{i}"] = configuration[i].Key;
            variables[$"GIT_CONFIG_VALUE_{i}"] = configuration[i].Value;
        }

        return variables;
    }

    /// <summary>An address that is written out is not looked up; for a name, curl takes what it is told (git 2.37 and later).</summary>
    /// <exception cref="InvalidOperationException">Nobody has looked whether it may be reached.</exception>
    private static IEnumerable<(string Key, string Value)> Held(RepositoryAddress remote)
    {
        if (remote.Addresses is not { Count: > 0 } addresses)
            throw new InvalidOperationException($"The host of {remote} was not looked up before git.");
        return IPAddress.TryParse(remote.Host!.Trim('[', ']'), out _) ? [] : [("http.curloptResolve", $"{remote.Host}:{remote.Port}:{string.Join(',', addresses.Select(Bracketed))}")];
    }

    private static string Bracketed(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : $"{address}";

    // A hostile server may send without end: what is past the bound is read, so that git can finish, and dropped.
    private static PipeTarget Bounded(StringBuilder text) => PipeTarget.Create(async (stream, cancellation) =>
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var buffer = new char[16 * 1024];
        int read;
        while ((read = await reader.ReadAsync(buffer, cancellation)) > 0)
        {
            if (text.Length < LongestOutput)
                text.Append(buffer, 0, read);
        }
    });
}

internal sealed record GitResult(int ExitCode, string Output, string Error)
{
    /// <summary>As git says it, which is not asked then.</summary>
    public static GitResult UnknownHost { get; } = new(128, "", "fatal: Could not resolve host");

    public bool Succeeded => ExitCode == 0;
}
