using System.Net;
using System.Net.Sockets;
using Boottify.Deployments;
using Boottify.Dns;

namespace Boottify.Builds;

/// <summary>What a host name leads to, as this machine looks it up; a <see cref="SocketException"/> where that fails.</summary>
public delegate Task<IPAddress[]> HostLookup(string host, CancellationToken cancellation);

/// <summary>
/// Judges where tenants' repositories may be. Git runs in the platform's own network, and whoever names a repository could have
/// it ask what is there: so it is led to public addresses alone, and to what an operator has named.
/// </summary>
internal sealed class GitServers(BuildSettings settings, HostLookup lookup)
{
    private const string Remedy =
        "Use the address at which the Git server is reached from the internet. If it is meant to be in the platform's own network, an operator has to name it in BOOTTIFY_GIT_PRIVATE_SERVERS.";

    /// <summary>Has no machine (RFC 5737).</summary>
    private static readonly IPAddress Nowhere = IPAddress.Parse("192.0.2.1");

    /// <summary>What can be said of an address before anything is looked up.</summary>
    /// <param name="url">As the app's user writes it; what is no address at all is told elsewhere.</param>
    /// <returns>Null if nothing is wrong with it so far, else what to do.</returns>
    public string? Refusal(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || RepositoryAddress.HostOf(uri) is not { } host)
            return null;
        IPAddress[] addresses = IPAddress.TryParse(host.Trim('[', ']'), out var address) ? [address] : IsLocalHost(host) ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [];
        return addresses.Length == 0 || Allowed(host, uri.Port, addresses).Count > 0
            ? null
            : $"\"repository.url\" leads to {host}, which is no address of the public internet. {Remedy}";
    }

    /// <summary>Looks up where a repository's host leads to now: git is held to these addresses, whatever its name says later.</summary>
    /// <returns>Null where the name is not known.</returns>
    /// <exception cref="StepException">It leads to none that it may lead to.</exception>
    public async Task<RepositoryAddress?> FindAsync(RepositoryAddress repository, CancellationToken cancellation)
    {
        if (repository.Host is not { } host)
            return repository;
        var found = await LookUpAsync(host, cancellation);
        if (found.Length == 0)
            return IsBehindProxy(repository) ? repository.At([Nowhere]) : null;
        return Allowed(host, repository.Port, found) is { Count: > 0 } allowed
            ? repository.At(allowed)
            // Where a name of the platform's own network leads to is nothing for tenants.
            : throw new StepException($"The repository {repository} is not fetched: its host leads to no address of the public internet. {Remedy}");
    }

    private List<IPAddress> Allowed(string host, int port, IEnumerable<IPAddress> addresses) =>
        [.. addresses.Where(address => PublicAddress.Is(address) || settings.PrivateGitServers.Names(host, port) || settings.PrivateGitServers.Names(address, port))];

    private async Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address))
            return [address];
        try
        {
            return await lookup(host, cancellation);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private static bool IsLocalHost(string host) => host == "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal);

    // Names of the internet are the proxy's to look up, and may be unknown here. Should git go past it all the same, it comes nowhere.
    private static bool IsBehindProxy(RepositoryAddress repository) =>
        new[] { repository.Url.StartsWith("https:", StringComparison.Ordinal) ? "https_proxy" : "http_proxy", "all_proxy" }
            .SelectMany(name => new[] { name, name.ToUpperInvariant() })
            .Any(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 });
}
