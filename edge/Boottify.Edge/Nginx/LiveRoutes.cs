using Boottify.Edge.Routes;

namespace Boottify.Edge.Nginx;

/// <summary>What the running nginx was last seen to serve.</summary>
public sealed class LiveRoutes
{
    private readonly Pulse _changed = new();
    private volatile IReadOnlyDictionary<string, CheckedRoute> _apps = new Dictionary<string, CheckedRoute>();
    private volatile HashSet<HostName> _hosts = [];

    /// <summary>The version of an app's route that is served, 0 if none.</summary>
    public long VersionOf(string appId) => _apps.GetValueOrDefault(appId)?.Version ?? 0;

    public void Set(IReadOnlyList<CheckedRoute> routes)
    {
        _apps = routes.ToDictionary(route => route.AppId);
        _hosts = routes.SelectMany(route => route.Hosts).Select(host => host.Name).ToHashSet();
        _changed.Send();
    }

    public async Task UntilServedAsync(HostName host, CancellationToken cancellation)
    {
        while (true)
        {
            var changed = _changed.Next;
            if (_hosts.Contains(host)) return;
            await changed.WaitAsync(cancellation);
        }
    }
}
