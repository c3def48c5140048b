namespace Boottify.Housekeeping;

/// <summary>What can be left behind, or be missing.</summary>
public enum Kind
{
    Namespace,
    Container,
    Workspace,
    Image,
    Manifest,
    Database,
    DnsRecord,
    Route,
    CacheLayer,
}

/// <summary>What a thing itself says of the platform that made it.</summary>
public enum Mark
{
    /// <summary>Nothing.</summary>
    None,
    Ours,

    /// <summary>Another platform made it.</summary>
    Others,
}

/// <summary>Something that exists.</summary>
/// <param name="Name">Tells it from all others of its kind.</param>
/// <param name="AppId">The app whose it is, by its name or its label.</param>
public sealed record Found(Kind Kind, string Name, string? AppId)
{
    public Mark Mark { get; init; }

    /// <summary>When it was made, or last written to; null when it does not say.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Of a container or a workspace: whose it is. Of a namespace: what runs in it.</summary>
    public string? DeploymentId { get; init; }

    /// <summary>Of an image: what the registry knows it by.</summary>
    public IReadOnlyList<string> Digests { get; init; } = [];

    /// <summary>Of an image: deployments and commits.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Of a DNS record, or a route: where it leads. Empty where that is not told.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>Of a route: where the app's Service listens; null where there is none.</summary>
    public string? Service { get; init; }

    /// <summary>Of a route: the names that it is for.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Of a route: the names of all routes. What another one has this one cannot have.</summary>
    public IReadOnlySet<string> HostsOfAll { get; init; } = new HashSet<string>();

    /// <summary>Of a namespace: the app's Deployment and Service are in it.</summary>
    public bool Complete { get; init; } = true;

    /// <summary>It is on its way out already.</summary>
    public bool Going { get; init; }
}

public enum FindingAction
{
    Remove,

    /// <summary>Put back what a live app lacks.</summary>
    Restore,

    /// <summary>Somebody has to look.</summary>
    Report,
}

/// <param name="Reason">Why, and for a report what to do, in words for whoever runs the platform.</param>
public sealed record Finding(Kind Kind, string Name, string? AppId, FindingAction Action, string Reason);
