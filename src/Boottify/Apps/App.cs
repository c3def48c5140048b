using System.Collections.Immutable;
using Boottify.Platform;

namespace Boottify.Apps;

/// <summary>An app as its stream tells; kept up to date in the same transaction as its events.</summary>
public sealed partial record App
{
    public required string Id { get; init; }

    public required string TeamId { get; init; }

    public required string Name { get; init; }

    public required Repository Repository { get; init; }

    public required AppSettings Settings { get; init; }

    public required string WebhookSecret { get; init; }

    public required string DatabasePassword { get; init; }

    public string? RepositoryToken { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Since when it deploys from this branch of this repository; null for as long as it exists.</summary>
    public DateTimeOffset? ConnectedAt { get; init; }

    public ImmutableSortedDictionary<string, EnvironmentVariable> Environment { get; init; } =
        ImmutableSortedDictionary.Create<string, EnvironmentVariable>(StringComparer.Ordinal);

    public ImmutableList<Release> Releases { get; init; } = [];

    /// <summary>Custom domains that belong to its route, whatever release serves.</summary>
    public ImmutableList<string> Domains { get; init; } = [];

    public DateTimeOffset? DeletionRequestedAt { get; init; }

    public string? DeletionRequestedBy { get; init; }

    /// <summary>What does not go, since the last look that found so.</summary>
    public string? DeletionBlockedBy { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Version of the stream; set by Marten.</summary>
    public int Version { get; set; }

    public Release? CurrentRelease => Releases.Count == 0 ? null : Releases[^1];

    public AppNames Names => AppNames.Of(Id, Name);

    /// <summary>The names that it answers under, the platform's own first.</summary>
    public IReadOnlyList<string> Hosts(PlatformSettings settings) => Hosts(settings.Domain);

    public IReadOnlyList<string> Hosts(string domain) => [Names.Host(domain), .. Domains];

    public static App Create(AppRegistered e) => new()
    {
        Id = e.AppId,
        TeamId = e.TeamId,
        Name = e.Name,
        Repository = e.Repository,
        Settings = e.Settings,
        WebhookSecret = e.WebhookSecret,
        DatabasePassword = e.DatabasePassword,
        RepositoryToken = e.RepositoryToken,
        CreatedAt = e.At,
    };

    public App Apply(AppSettingsChanged e) => this with { Settings = e.Settings };

    public App Apply(RepositoryChanged e) => this with
    {
        Repository = e.Repository,
        RepositoryToken = e.RepositoryToken,
        ConnectedAt = e.Repository with { Directory = Repository.Directory } == Repository ? ConnectedAt : e.At,
    };

    public App Apply(EnvironmentVariableSet e) =>
        this with { Environment = Environment.SetItem(e.Name, new EnvironmentVariable(e.Value, e.At)) };

    public App Apply(EnvironmentVariableRemoved e) => this with { Environment = Environment.Remove(e.Name) };

    public App Apply(ReleaseRecorded e) => this with { Releases = Releases.Add(e.Release) };

    public App Apply(DomainAttached e) => this with { Domains = Domains.Remove(e.Host).Add(e.Host) };

    public App Apply(DomainDetached e) => this with { Domains = Domains.Remove(e.Host) };

    public App Apply(AppDeletionRequested e) => this with { DeletionRequestedAt = e.At, DeletionRequestedBy = e.By };

    public App Apply(AppDeletionBlocked e) => this with { DeletionBlockedBy = e.Reason };

    public App Apply(AppDeleted e) => this with { DeletedAt = e.At, DeletionBlockedBy = null };
}

/// <param name="Value">Sealed.</param>
public sealed record EnvironmentVariable(string Value, DateTimeOffset SetAt);
