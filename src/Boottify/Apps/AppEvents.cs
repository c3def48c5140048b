using Boottify.Cluster;

namespace Boottify.Apps;

/// <param name="Directory">Folder inside the repository; empty for its root.</param>
public sealed record Repository(string Url, string Branch, string Directory);

/// <param name="Health">Path that answers 2xx or 3xx once the app is ready.</param>
public sealed record AppSettings(int Port, string Health, int Replicas, WorkloadResources Resources);

/// <param name="WebhookSecret">Sealed, context <see cref="AppSecrets.Webhook"/>.</param>
/// <param name="DatabasePassword">Sealed, context <see cref="AppSecrets.Database"/>.</param>
/// <param name="RepositoryToken">Sealed, context <see cref="AppSecrets.Repository"/>; null for a public repository.</param>
public sealed record AppRegistered(
    string AppId, string TeamId, string Name, Repository Repository, AppSettings Settings,
    string WebhookSecret, string DatabasePassword, string? RepositoryToken, string By, DateTimeOffset At);

public sealed record AppSettingsChanged(AppSettings Settings, string By, DateTimeOffset At);

public sealed record RepositoryChanged(Repository Repository, string? RepositoryToken, string By, DateTimeOffset At);

/// <param name="Value">Sealed, context <see cref="AppSecrets.Variable"/>.</param>
public sealed record EnvironmentVariableSet(string Name, string Value, string By, DateTimeOffset At);

public sealed record EnvironmentVariableRemoved(string Name, string By, DateTimeOffset At);

/// <summary>A deployment went live; from now on it is what a rollback can return to.</summary>
public sealed record ReleaseRecorded(Release Release);

/// <summary>A custom domain belongs to the app's route from now on; the domain's own stream says why.</summary>
public sealed record DomainAttached(string Host, DateTimeOffset At);

public sealed record DomainDetached(string Host, DateTimeOffset At);

public sealed record AppDeletionRequested(string By, DateTimeOffset At);

/// <summary>Something of it does not go; tried again by itself. Written when the reason is another than before.</summary>
/// <param name="Reason">What is left, and what holds it, such as a finalizer.</param>
public sealed record AppDeletionBlocked(string Reason, DateTimeOffset At);

/// <summary>Every trace of it outside of history is gone.</summary>
public sealed record AppDeleted(DateTimeOffset At);

/// <summary>What each secret of an app is sealed for, so that one cannot be passed off as another.</summary>
public static class AppSecrets
{
    public static string Webhook(string appId) => $"{appId}/webhook";

    public static string Database(string appId) => $"{appId}/database";

    public static string Repository(string appId) => $"{appId}/repository";

    public static string Variable(string appId, string name) => $"{appId}/env/{name}";
}
