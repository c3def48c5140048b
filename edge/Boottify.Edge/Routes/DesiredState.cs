using System.Text.Json;
using Boottify.Contracts.Edge;
using Boottify.Edge.Files;

namespace Boottify.Edge.Routes;

/// <summary>
/// What the control plane wants, kept on the edge's own disk so that it serves on, and starts again, without the control
/// plane. One file an app, replaced whole; a withdrawn app leaves a tombstone with its version, so that a late message
/// does not bring it back. A crash between two files leaves each of them whole.
/// </summary>
/// <remarks>Writers hold the <see cref="Gate"/>; readers take a <see cref="Snapshot"/> at any time.</remarks>
public sealed class DesiredState(EdgeFolders folders, TimeProvider clock, ILogger<DesiredState> log) : IDisposable
{
    private static readonly TimeSpan s_tombstonesAreKept = TimeSpan.FromDays(30);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _apps = [];
    private readonly Dictionary<HostName, string> _owners = [];

    /// <summary>Held while deciding and storing, so that the two are one step.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>An app's route; <see cref="Route"/> is null once it was withdrawn.</summary>
    public sealed record Entry(long Version, CheckedRoute? Route, DateTimeOffset At);

    private sealed record Stored(long Version, AppRoute? Route, DateTimeOffset At);

    public async Task LoadAsync(CancellationToken cancellation)
    {
        foreach (var file in Directory.EnumerateFiles(folders.Routes, "*.json"))
        {
            var appId = Path.GetFileNameWithoutExtension(file);
            var entry = await ReadAsync(file, cancellation);
            if (entry is null) continue;
            if (entry.Route is null && clock.GetUtcNow() - entry.At > s_tombstonesAreKept) File.Delete(file);
            else lock (_lock) Take(appId, entry);
        }
    }

    public Entry? Find(string appId)
    {
        lock (_lock) return _apps.GetValueOrDefault(appId);
    }

    public string? OwnerOf(HostName host)
    {
        lock (_lock) return _owners.GetValueOrDefault(host);
    }

    /// <summary>All routes, in the order of their apps' ids, so that the same wish renders the same files.</summary>
    public IReadOnlyList<CheckedRoute> Snapshot()
    {
        lock (_lock) return [.. _apps.Values.Select(entry => entry.Route).OfType<CheckedRoute>().OrderBy(route => route.AppId, StringComparer.Ordinal)];
    }

    /// <summary>Stores what the app shall have from now on; null puts it back to never having been heard of.</summary>
    public async Task StoreAsync(string appId, Entry? entry, CancellationToken cancellation)
    {
        var file = Path.Combine(folders.Routes, appId + ".json");
        if (entry is null) File.Delete(file);
        else
        {
            var stored = new Stored(entry.Version, entry.Route?.ToContract(), entry.At);
            await AtomicFile.WriteAsync(file, JsonSerializer.Serialize(stored, JsonSerializerOptions.Web), AtomicFile.Private, cancellation);
        }

        lock (_lock) Take(appId, entry);
    }

    private void Take(string appId, Entry? entry)
    {
        foreach (var host in _apps.GetValueOrDefault(appId)?.Route?.Hosts ?? []) _owners.Remove(host.Name);
        if (entry is null) _apps.Remove(appId);
        else _apps[appId] = entry;
        foreach (var host in entry?.Route?.Hosts ?? []) _owners[host.Name] = appId;
    }

    /// <summary>A file that cannot be read is set aside and said, and costs its own app alone.</summary>
    private async Task<Entry?> ReadAsync(string file, CancellationToken cancellation)
    {
        string? problem;
        try
        {
            var stored = JsonSerializer.Deserialize<Stored>(await File.ReadAllTextAsync(file, cancellation), JsonSerializerOptions.Web);
            if (stored is { Route: null }) return new Entry(stored.Version, null, stored.At);
            (var route, problem) = CheckedRoute.Check(stored?.Route);
            if (route is not null) return new Entry(stored!.Version, route, stored.At);
        }
        catch (JsonException e)
        {
            problem = e.Message;
        }

        log.LogError("The stored route {File} cannot be used and was set aside as .broken: {Problem}", file, problem);
        File.Move(file, file + ".broken", overwrite: true);
        return null;
    }

    public void Dispose() => Gate.Dispose();
}
